// One file from one peer to another: what the sender does, what the receiver does, and what each
// makes of another that does wrong.
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "04-files/transfer/file_receiver.hpp"
#include "04-files/transfer/file_sender.hpp"
#include "catch.hpp"
#include "support/files.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"

namespace {

using support::hash_of;
using support::read_file;
using support::some_bytes;
using support::write_file;

const std::string transfer = "transfer-1";
const std::string token = "the right token";

std::string first_line(const std::string& shown_token, std::uint64_t offset = 0,
                       const std::string& of = transfer) {
  return jalon::write_message(chat::file_send{of, shown_token, *chat::file_size::from(offset)}) +
         '\n';
}

std::string ack_of(const std::string& bytes, const std::string& of = transfer) {
  return jalon::write_message(chat::file_ack{of, *chat::sha256_hex::from(hash_of(bytes))}) + '\n';
}

// More than the system keeps between the two, so that a sender is stopped in the middle.
std::string more_than_fits() { return std::string(std::size_t{24} << 20, '.'); }

// Somebody who waits for `bytes`, of which the first `here` are there already.
class receiving {
 public:
  explicit receiving(std::string bytes, std::size_t here = 0, int how = O_RDWR)
      : bytes_(std::move(bytes)) {
    write_file(path(), bytes_.substr(0, here));
    file_ = support::open_file(path(), how);
    transfer::expected_file expected{transfer, token, bytes_.size(), here, hash_of(bytes_), {}};
    expected.hash.update(bytes_.substr(0, here));
    receiver_ = std::make_unique<transfer::file_receiver>(
        on.loop, jalon::endpoint::loopback(0), file_.get(), std::move(expected),
        transfer::file_receiver::handlers{
            [this](std::uint64_t now) { progress = now; },
            [this](const transfer::received_file& came_out) { result = came_out; },
            [this] {
              was_kept = !keep_error;
              return keep_error;
            },
            [this] { sender_is_gone = true; }});
    port = receiver_->port();
  }

  support::peer visitor() const { return support::peer(jalon::endpoint::loopback(port)); }

  std::filesystem::path path() const { return home_ / "partial"; }
  std::string here() const { return read_file(path()); }

  // Turns the loop until the receiver has come to its end. @return why it failed; empty if it did
  // not
  std::string outcome() {
    REQUIRE(support::run_until(on, [this] { return result.has_value(); }));
    return result->failure;
  }

  void stop() { receiver_.reset(); }

  // As its owner does when it is to be retired: it lives on until the end of the turn.
  void stop_but_keep() { receiver_->stop(); }

  // The same, for a visitor that leaves when it has the answer.
  std::string outcome_once_gone(support::peer& visitor) {
    REQUIRE(support::run_until(on, [&] { return result.has_value() || visitor.gone(); }));
    visitor.leave();
    return outcome();
  }

  support::on_poll on;
  std::uint16_t port = 0;
  std::uint64_t progress = 0;
  std::optional<transfer::received_file> result;
  std::error_code keep_error;  // what its owner says when it is to keep the file
  bool was_kept = false;
  bool sender_is_gone = false;  // or nobody has come

 private:
  std::string bytes_;
  support::temporary_folder home_;
  jalon::unique_fd file_;
  std::unique_ptr<transfer::file_receiver> receiver_;
};

bool is_let_go(receiving& by, support::peer& visitor) {
  return support::run_until(by.on, [&] { return visitor.gone(); });
}

bool gets(receiving& by, support::peer& visitor, const std::string& answer) {
  return support::run_until(by.on, [&] { return visitor.received() == answer; });
}

// Somebody who sends `bytes`; the peer is the test.
class sending {
 public:
  explicit sending(const std::string& bytes, std::uint64_t offset = 0) : bytes_(bytes) {
    write_file(home_ / "file", bytes);
    file_ = support::open_file(home_ / "file");
    start(peers_.local(), offset);
  }

  // The receiver's side, once the sender has come.
  support::peer visited() {
    jalon::accept_result came;
    const bool has_come = support::run_until(on, [&] {
      came = peers_.accept();
      return came.status == jalon::io_status::ok;
    });
    REQUIRE(has_come);
    return support::peer(std::move(came.socket));
  }

  void shorten() { std::filesystem::resize_file(home_ / "file", bytes_.size() / 2); }

  void lengthen() { write_file(home_ / "file", bytes_ + " and more"); }

  void start(const jalon::endpoint& to, std::uint64_t offset = 0) {
    sender_ = std::make_unique<transfer::file_sender>(
        on.loop, to, transfer::file_to_send{file_.get(), bytes_.size(), hash_of(bytes_)},
        chat::file_send{transfer, token, *chat::file_size::from(offset)},
        transfer::file_sender::handlers{[this](std::uint64_t now) { progress = now; },
                                        [this](const std::string& failure) { result = failure; }});
  }

  std::string outcome() {
    REQUIRE(support::run_until(on, [this] { return result.has_value(); }));
    return *result;
  }

  support::on_poll on;
  std::uint64_t progress = 0;
  std::optional<std::string> result;

 private:
  // As the client does: sendfile(2) can't be told not to raise it.
  support::caught_signal no_sigpipe_{SIGPIPE, SIG_IGN};
  std::string bytes_;
  support::temporary_folder home_;
  jalon::unique_fd file_;
  jalon::listener peers_{jalon::endpoint::loopback(0)};
  std::unique_ptr<transfer::file_sender> sender_;
};

bool gets(sending& by, support::peer& receiver, const std::string& bytes) {
  return support::run_until(by.on, [&] { return receiver.received() == bytes; });
}

}  // namespace

// ---- The receiver ----

TEST_CASE("a file that comes whole is confirmed by its hash") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  CHECK(gets(bob, alice, ack_of("content")));
  alice.leave();
  CHECK(bob.outcome().empty());
  CHECK(bob.here() == "content");
  CHECK(bob.progress == 7);
}

TEST_CASE("a file may come byte by byte, the line before it too") {
  receiving bob("content");
  auto alice = bob.visitor();
  for (const char byte : first_line(token) + "content") {
    alice.send({&byte, 1});
    support::run_turns(bob.on, 2);
  }
  CHECK(gets(bob, alice, ack_of("content")));
}

TEST_CASE("who shows a wrong token is let go without a word, and the right one is waited for") {
  receiving bob("content");
  const std::string wrong = GENERATE_COPY(
      first_line("the wrong token"), first_line(token, 1), first_line(token, 0, "transfer-2"),
      std::string("{}\n"), std::string("GET / HTTP/1.1\r\n"), std::string("\n"),
      std::string(5'000, 'x'), std::string(R"({"type":"file_send"})") + '\n');
  CAPTURE(wrong);
  auto mallory = bob.visitor();
  mallory.send(wrong + "content");
  CHECK(is_let_go(bob, mallory));
  CHECK(mallory.received().empty());
  CHECK(bob.here().empty());

  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  CHECK(gets(bob, alice, ack_of("content")));
}

TEST_CASE("strangers who connect and say nothing hold nobody up, however many they are") {
  receiving bob("content");
  std::vector<support::peer> strangers;
  for (int i = 0; i < 40; ++i) strangers.push_back(bob.visitor());
  support::run_turns(bob.on, 50);
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  CHECK(gets(bob, alice, ack_of("content")));
  for (auto& stranger : strangers) CHECK(is_let_go(bob, stranger));
}

TEST_CASE("a stranger who connects over and over does not displace a sender at another address") {
  receiving bob("content");
  jalon::stream_socket socket;
  {
    jalon::unique_fd from{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto other = *jalon::endpoint::ip("127.0.0.2", 0);
    // Another address of this machine; there may be none on systems other than Linux.
    if (::bind(from.get(), other.data(), other.size()) == -1) return;
    const auto to = jalon::endpoint::loopback(bob.port);
    REQUIRE(::connect(from.get(), to.data(), to.size()) == 0);
    jalon::set_non_blocking(from.get());
    socket = jalon::stream_socket(std::move(from));
  }
  support::peer alice(std::move(socket));
  std::vector<support::peer> strangers;
  for (int i = 0; i < 40; ++i) {
    strangers.push_back(bob.visitor());
    support::run_turns(bob.on, 2);
  }
  alice.send(first_line(token) + "content");
  CHECK(gets(bob, alice, ack_of("content")));
}

TEST_CASE("the token is good once: when the sender is there nobody else can come") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token));
  support::run_turns(bob.on, 5);
  CHECK_THROWS(bob.visitor());
}

TEST_CASE("when the sender dies in the middle, what has come stays for another try") {
  const std::string bytes = some_bytes(100'000);
  receiving bob(bytes);
  auto alice = bob.visitor();
  alice.send(first_line(token) + bytes.substr(0, 40'000));
  const bool has_some = support::run_until(bob.on, [&] { return bob.progress == 40'000; });
  REQUIRE(has_some);
  SECTION("in order") { alice.leave(); }
  SECTION("or not") { alice.reset(); }
  CHECK(bob.outcome() == "the connection ended before the file did");
  CHECK_FALSE(bob.result->content_wrong);
  CHECK(bob.here() == bytes.substr(0, 40'000));
}

TEST_CASE("the rest of a file completes what is there") {
  const std::string bytes = some_bytes(100'000);
  receiving bob(bytes, 40'000);
  auto alice = bob.visitor();
  alice.send(first_line(token, 40'000) + bytes.substr(40'000));
  CHECK(gets(bob, alice, ack_of(bytes)));
  CHECK(bob.here() == bytes);
}

TEST_CASE("a file that is there already, whole, needs no byte more") {
  receiving bob("content", 7);
  auto alice = bob.visitor();
  alice.send(first_line(token, 7));
  CHECK(gets(bob, alice, ack_of("content")));
}

TEST_CASE("a file of no bytes arrives") {
  receiving bob("");
  auto alice = bob.visitor();
  alice.send(first_line(token));
  CHECK(gets(bob, alice, ack_of("")));
  alice.leave();
  CHECK(bob.outcome().empty());
}

TEST_CASE("a content that is not what was offered is refused, and said to be wrong") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "contenT");
  const std::string refusal =
      R"({"type":"error","code":"bad_transfer","message":"its content is not what was offered"})";
  CHECK(gets(bob, alice, refusal + '\n'));
  alice.leave();
  CHECK(bob.outcome() == "its content is not what was offered");
  CHECK(bob.result->content_wrong);
}

TEST_CASE("a wrong part from an earlier attempt is told from a wrong file, so that it is dropped") {
  receiving bob("content", 3);
  auto alice = bob.visitor();
  alice.send(first_line(token, 3) + "tenT");
  const std::string why =
      "the part from an earlier attempt was wrong and is dropped; offer the file again";
  CHECK(bob.outcome_once_gone(alice) == why);
  CHECK(bob.result->content_wrong);
  CHECK_FALSE(bob.was_kept);
}

TEST_CASE("a file that can't be kept is not confirmed") {
  receiving bob("content");
  bob.keep_error = std::make_error_code(std::errc::operation_not_permitted);
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  const std::string refusal =
      R"({"type":"error","code":"bad_transfer","message":"cannot keep it: Operation not permitted"})";
  CHECK(gets(bob, alice, refusal + '\n'));
  alice.leave();
  CHECK(bob.outcome() == "cannot keep it: Operation not permitted");
  CHECK_FALSE(bob.result->content_wrong);
}

TEST_CASE("a file that is whole is kept, even if its sender does not wait for the answer") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  SECTION("it ends its output") { alice.end_output(); }
  SECTION("it goes") { alice.leave(); }
  CHECK(bob.outcome_once_gone(alice).empty());
  CHECK(bob.was_kept);
}

TEST_CASE("a receiver may be destroyed at any time, also while a whole file is checked") {
  const std::string bytes = some_bytes(1 << 20);
  for (int turns = 0; turns < 20; ++turns) {
    receiving bob(bytes);
    auto alice = bob.visitor();
    alice.send_some(first_line(token) + bytes);
    support::run_turns(bob.on, turns);
    bob.stop();
    support::run_turns(bob.on, 3);
  }
}

TEST_CASE("a receiver that was stopped tells its owner nothing, whatever still comes") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "con");
  REQUIRE(support::run_until(bob.on, [&] { return bob.progress == 3; }));
  bob.stop_but_keep();
  SECTION("more bytes") { alice.send("ten"); }
  SECTION("all bytes") { alice.send("tent"); }
  SECTION("the end") { alice.leave(); }
  SECTION("time") { bob.on.clock.advance(transfer::file_receiver::patience); }
  support::run_turns(bob.on, 50);
  CHECK(bob.progress == 3);
  CHECK_FALSE(bob.was_kept);
  CHECK_FALSE(bob.result);
}

TEST_CASE("what comes beyond the announced size is nobody's") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content and more");
  CHECK(gets(bob, alice, ack_of("content")));
  alice.send_some("and more");
  support::run_turns(bob.on, 5);
  CHECK(bob.here() == "content");
}

TEST_CASE("a sender that stays after the answer does not hold the receiver up") {
  receiving bob("content");
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  CHECK(gets(bob, alice, ack_of("content")));
  CHECK(bob.outcome().empty());
  CHECK_FALSE(bob.sender_is_gone);
  for (int i = 0; i < 3; ++i) {
    bob.on.clock.advance(std::chrono::seconds(10));
    support::run_turns(bob.on, 1);
  }
  CHECK(support::run_until(bob.on, [&] { return bob.sender_is_gone; }));
}

TEST_CASE("a disk that takes no more is told to both sides") {
  receiving bob("content", 0, O_RDONLY);  // any error of write(2) will do
  auto alice = bob.visitor();
  alice.send(first_line(token) + "content");
  const bool is_told =
      support::run_until(bob.on, [&] { return alice.received().ends_with("\"}\n"); });
  CHECK(is_told);
  CHECK(alice.received().find(R"("code":"bad_transfer","message":"cannot write: )") !=
        std::string::npos);
  alice.leave();
  CHECK(bob.outcome().starts_with("cannot write: "));
  CHECK_FALSE(bob.result->content_wrong);
}

TEST_CASE("a receiver waits a minute for the sender, strangers or not") {
  receiving bob("content");
  bob.on.clock.advance(std::chrono::seconds(59));
  auto mallory = bob.visitor();
  mallory.send(first_line("the wrong token"));
  CHECK(is_let_go(bob, mallory));
  CHECK_FALSE(bob.result);
  bob.on.clock.advance(std::chrono::seconds(1));
  CHECK(bob.outcome() == "nobody came to send it");
}

TEST_CASE("a receiver waits a minute for more, each time that enough has come") {
  constexpr auto enough = transfer::file_receiver::least_progress;
  receiving bob(std::string(3 * enough, '.'));
  auto alice = bob.visitor();
  alice.send(first_line(token));
  for (std::uint64_t pieces = 1; pieces <= 2; ++pieces) {
    bob.on.clock.advance(std::chrono::seconds(59));
    alice.send(std::string(enough, '.'));
    REQUIRE(support::run_until(bob.on, [&] { return bob.progress == pieces * enough; }));
  }
  CHECK_FALSE(bob.result);
  bob.on.clock.advance(std::chrono::seconds(60));
  CHECK(bob.outcome() == "nothing more came");
  CHECK(bob.sender_is_gone);
}

TEST_CASE("a sender that sends a few bytes at a time is not waited for for ever") {
  receiving bob(some_bytes(100'000));
  auto alice = bob.visitor();
  alice.send(first_line(token) + '.');
  REQUIRE(support::run_until(bob.on, [&] { return bob.progress == 1; }));
  for (std::uint64_t bytes = 2; bytes <= 3; ++bytes) {
    bob.on.clock.advance(std::chrono::seconds(29));
    alice.send(".");
    REQUIRE(support::run_until(bob.on, [&] { return bob.progress == bytes; }));
  }
  bob.on.clock.advance(std::chrono::seconds(2));
  CHECK(bob.outcome() == "it came too slowly");
  CHECK(bob.sender_is_gone);
}

// ---- The sender ----

TEST_CASE("a sender says its line, then the bytes, then nothing; the right answer is success") {
  const std::uint64_t offset = GENERATE(std::uint64_t{0}, 3, 7);
  sending alice("content", offset);
  auto bob = alice.visited();
  CHECK(gets(alice, bob, first_line(token, offset) + std::string("content").substr(offset)));
  CHECK_FALSE(alice.result);
  bob.send(ack_of("content"));
  CHECK(alice.outcome().empty());
}

TEST_CASE("a sender tells how far it is") {
  const std::string bytes = some_bytes(3 << 20);
  sending alice(bytes);
  auto bob = alice.visited();
  CHECK(gets(alice, bob, first_line(token) + bytes));
  CHECK(alice.progress == bytes.size());
}

TEST_CASE("an answer that does not confirm this file confirms nothing") {
  const std::string answer = GENERATE_COPY(
      ack_of("another content"), ack_of("content", "transfer-2"), std::string("{}\n"),
      std::string("OK\n"), std::string(R"({"type":"file_ack"})") + '\n', std::string(70'000, 'x'));
  CAPTURE(answer.substr(0, 100));
  sending alice("content");
  auto bob = alice.visited();
  CHECK(gets(alice, bob, first_line(token) + "content"));
  bob.send_some(answer);
  CHECK(alice.outcome() == "the answer is no part of the protocol");
}

TEST_CASE("nobody can confirm what is not sent yet") {
  const std::string bytes = more_than_fits();
  sending alice(bytes);
  auto bob = alice.visited();
  bob.send(ack_of(bytes));
  CHECK(alice.outcome() == "the answer is no part of the protocol");
}

TEST_CASE("a receiver that refuses in the middle is asked why") {
  const std::string bytes = more_than_fits();
  sending alice(bytes);
  auto bob = alice.visited();
  bob.send(jalon::write_message(chat::error{"bad_transfer", "cannot write: \033[2Jdisk full"}) +
           '\n');
  bob.end_output();
  CHECK(alice.outcome() == "the receiver says: cannot write: \uFFFD[2Jdisk full");
}

TEST_CASE("a refusal that gives no reason is no success") {
  sending alice("content");
  auto bob = alice.visited();
  bob.send(jalon::write_message(chat::error{}) + '\n');
  CHECK(alice.outcome() == "the receiver says: ");
}

TEST_CASE("a refusal that is longer than a text may be is not shown") {
  sending alice("content");
  auto bob = alice.visited();
  const std::string text(chat::max_text + 1, 'x');
  bob.send(jalon::write_message(chat::error{"bad_transfer", text}) + '\n');
  CHECK(alice.outcome() == "the answer is no part of the protocol");
}

TEST_CASE("a receiver that goes away ends the sending") {
  const std::string bytes = more_than_fits();
  sending alice(bytes);
  auto bob = alice.visited();
  SECTION("before the end, in order") {
    bob.leave();
    CHECK_FALSE(alice.outcome().empty());
  }
  SECTION("before the end, with a reset") {
    bob.reset();
    CHECK_FALSE(alice.outcome().empty());
  }
  SECTION("when it has all, without an answer") {
    REQUIRE(gets(alice, bob, first_line(token) + bytes));
    bob.leave();
    CHECK(alice.outcome() == "the connection ended before the file did");
  }
}

TEST_CASE("a file that becomes shorter under the sender is not sent") {
  const std::string bytes = more_than_fits();
  sending alice(bytes);
  auto bob = alice.visited();
  alice.shorten();
  const bool is_told = support::run_until(alice.on, [&] {
    bob.received();
    return alice.result.has_value();
  });
  REQUIRE(is_told);
  CHECK(alice.outcome() == "the file has become shorter");
}

TEST_CASE("of a file that becomes longer under the sender, what was offered is sent") {
  sending alice("content");
  alice.lengthen();
  auto bob = alice.visited();
  CHECK(gets(alice, bob, first_line(token) + "content"));
  support::run_turns(alice.on, 5);
  CHECK(bob.received() == first_line(token) + "content");
  bob.send(ack_of("content"));
  CHECK(alice.outcome().empty());
}

TEST_CASE("only a regular file is opened for sending") {
  const support::temporary_folder home;
  write_file(home / "file", "content");
  CHECK(transfer::open_to_send(home / "file"));
  REQUIRE(::mkfifo((home / "fifo").c_str(), 0600) == 0);
  for (const auto& other : {home / "fifo", home / "", std::filesystem::path("/dev/tty")}) {
    CAPTURE(other);
    errno = EIO;
    CHECK_FALSE(transfer::open_to_send(other));
    CHECK(errno == 0);
  }
  CHECK_FALSE(transfer::open_to_send(home / "missing"));
  CHECK(errno == ENOENT);
}

TEST_CASE("where nobody listens no file is sent") {
  std::optional<jalon::listener> gone(jalon::endpoint::loopback(0));
  const jalon::endpoint nobody = gone->local();
  gone.reset();
  sending alice("content");
  alice.start(nobody);
  CHECK(alice.outcome().starts_with("cannot connect: "));
}

TEST_CASE("a sender waits half an hour for the answer when everything is taken") {
  sending alice("content");
  auto bob = alice.visited();
  REQUIRE(gets(alice, bob, first_line(token) + "content"));
  bob.send("{");  // the begin of an answer, and an acknowledgement at once
  support::run_turns(alice.on, 3);
  alice.on.clock.advance(transfer::file_sender::answer_patience - std::chrono::seconds(1));
  support::run_turns(alice.on, 3);
  CHECK_FALSE(alice.result);
  alice.on.clock.advance(transfer::file_sender::answer_patience);
  CHECK(alice.outcome() ==
        "it is all there, but the receiver does not confirm it, and may have it or not");
}

#ifdef __linux__
TEST_CASE("a sender waits as long as its receiver takes enough, whatever the buffers hold") {
  constexpr auto patience = transfer::file_sender::patience;
  sending alice(more_than_fits());
  auto bob = alice.visited();
  const auto take = [&](std::size_t bytes) {
    std::string room(65'536, '\0');
    for (std::size_t taken = 0; taken < bytes; taken += room.size())
      REQUIRE(
          support::run_until(alice.on, [&] { return bob.read_some(room.data(), room.size()); }));
  };
  take(1 << 20);
  support::run_turns(alice.on, 100);  // all buffers are full
  for (int waits = 0; waits < 4; ++waits) {
    alice.on.clock.advance(patience);
    support::run_turns(alice.on, 3);
    CHECK(alice.result.value_or("it goes on") == "it goes on");
    take(1 << 19);  // not so much that more is sent
  }
  alice.on.clock.advance(patience);
  support::run_turns(alice.on, 3);
  alice.on.clock.advance(patience);
  CHECK(alice.outcome() == "nobody takes it");
}
#endif

// ---- Both ----

TEST_CASE("two files move at once, on one loop") {
  support::caught_signal no_sigpipe(SIGPIPE, SIG_IGN);
  const support::temporary_folder home;
  support::on_poll on;
  const std::string bytes = some_bytes(3 << 20);
  write_file(home / "file", bytes);
  const auto file = support::open_file(home / "file");

  struct one_way {
    jalon::unique_fd copy;
    std::unique_ptr<transfer::file_receiver> receiver;
    std::unique_ptr<transfer::file_sender> sender;
    bool sent = false;
    bool received = false;
  };
  one_way ways[2];
  for (one_way& way : ways) {
    const std::string name = &way == ways ? "one" : "two";
    way.copy = support::open_file(home / name, O_RDWR);
    way.receiver = std::make_unique<transfer::file_receiver>(
        on.loop, jalon::endpoint::loopback(0), way.copy.get(),
        transfer::expected_file{name, token, bytes.size(), 0, hash_of(bytes), {}},
        transfer::file_receiver::handlers{
            [](std::uint64_t) {},
            [&way](const transfer::received_file& came) { way.received = came.failure.empty(); }});
    way.sender = std::make_unique<transfer::file_sender>(
        on.loop, jalon::endpoint::loopback(way.receiver->port()),
        transfer::file_to_send{file.get(), bytes.size(), hash_of(bytes)},
        chat::file_send{name, token, {}},
        transfer::file_sender::handlers{[](std::uint64_t) {},
                                        [&on, &way](const std::string& failure) {
                                          way.sent = failure.empty();
                                          on.loop.retire(std::move(way.sender));
                                        }});
  }
  CHECK(support::run_until(on, [&] {
    return std::all_of(std::begin(ways), std::end(ways),
                       [](const one_way& way) { return way.sent && way.received; });
  }));
  CHECK(read_file(home / "one") == bytes);
  CHECK(read_file(home / "two") == bytes);
}
