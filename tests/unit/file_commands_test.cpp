// What a user's program makes of offers of files; its server, and the other user, are the test.
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "04-files/commands.hpp"
#include "catch.hpp"
#include "chat/session_commands.hpp"
#include "support/files.hpp"
#include "support/loops.hpp"
#include "support/peer.hpp"
#include "support/resources.hpp"

namespace {

using support::hash_of;
using support::some_bytes;
using support::write_file;

using lines = std::vector<std::string>;

// A user's program without its console and its link.
class file_client {
 public:
  explicit file_client(const std::string& inbox = "inbox",
                       const jalon::endpoint& local = jalon::endpoint::loopback(50'000))
      : core_({[this](std::string_view line) { sent.emplace_back(line); },
               [this](std::string_view text, program::look) { shown.emplace_back(text); },
               [](std::string_view) {}, [](bool) {}, [this] { finished = true; }}),
        files_(on.loop, core_, transfer::inbox(home / inbox),
               {local, [](const std::string&) {}, [] {}}) {}

  void type(const std::string& line) { core_.typed(line); }
  void end_input() { core_.end_of_input(); }
  bool busy() const { return files_.busy(); }

  template <jalon::message M>
  void receive(const M& message, const jalon::message_id& id = {}) {
    core_.received(jalon::write_message(message, id));
  }

  void receive_line(const std::string& line) { core_.received(line); }

  // Somebody offers `bytes` as notes.txt.
  void receive_offer(const std::string& transfer, const std::string& bytes) {
    receive(chat::file_offer_event{"alice", transfer, *chat::file_name::from("notes.txt"),
                                   *chat::file_size::from(bytes.size()),
                                   *chat::sha256_hex::from(hash_of(bytes))});
  }

  // The message of type M that was sent after all that a test has seen; nothing if another was.
  template <jalon::message M>
  std::optional<M> next_sent() {
    if (!support::run_until(on, [this] { return seen_ < sent.size(); })) return std::nullopt;
    const auto object = reader_.read(sent[seen_++]);
    if (!object) return std::nullopt;
    const auto head = jalon::read_head(*object);
    M read;
    if (head.type != M::type || jalon::read_message(*object, read)) return std::nullopt;
    id_ = *head.id;
    return read;
  }

  // The server answers the request that was seen last.
  template <jalon::message M>
  void answer(const M& with) {
    receive(with, id_);
  }

  bool shows(const std::string& line) {
    return support::run_until(
        on, [&] { return std::find(shown.begin(), shown.end(), line) != shown.end(); });
  }

  // An offer of ours, taken by the server as `transfer`.
  void offer(const std::string& bytes, const std::string& transfer) {
    write_file(home / "mine.txt", bytes);
    type("/send bob \"" + (home / "mine.txt").string() + '"');
    REQUIRE(next_sent<chat::file_offer>());
    answer(chat::file_offered{transfer});
  }

  support::temporary_folder home;
  support::on_poll on;
  lines sent;
  lines shown;
  bool finished = false;

 private:
  chat::client_core core_;
  chat::session_commands session_{core_};
  chat::file_commands files_;
  jalon::json_reader reader_;  // what was seen last has views of what it holds
  std::size_t seen_ = 0;
  jalon::message_id id_;
};

chat::file_accept_event accept(const std::string& transfer, std::uint16_t port,
                               std::uint64_t offset = 0) {
  return {"bob",
          transfer,
          "127.0.0.1",
          *chat::port_number::from(port),
          *chat::secret_token::from("token"),
          *chat::file_size::from(offset)};
}

// The sender comes to where it was asked to, and says which bytes follow.
support::peer visit(const chat::file_accept& invited) {
  support::peer sender(jalon::endpoint::loopback(static_cast<std::uint16_t>(invited.port.value())));
  sender.send(jalon::write_message(
                  chat::file_send{invited.transfer, invited.token.value(), *invited.offset}) +
              '\n');
  return sender;
}

}  // namespace

// ---- Offering ----

TEST_CASE("a file is offered by its plain name, its size and its hash") {
  file_client alice;
  write_file(alice.home / "two words.txt", "content");
  const std::string quote = GENERATE("", "\"");
  alice.type("/send bob " + quote + (alice.home / "two words.txt").string() + quote);
  const auto offer = alice.next_sent<chat::file_offer>();
  REQUIRE(offer);
  CHECK(offer->to.value() == "bob");
  CHECK(offer->file.value() == "two words.txt");
  CHECK(offer->size.value() == 7);
  CHECK(offer->sha256.value() == hash_of("content"));
}

TEST_CASE("the end of the input waits until a file is hashed, offered and answered") {
  file_client alice;
  write_file(alice.home / "long.bin", some_bytes(5 << 20));
  alice.type("/send bob " + (alice.home / "long.bin").string());
  alice.end_input();
  CHECK_FALSE(alice.finished);
  REQUIRE(alice.next_sent<chat::file_offer>());
  CHECK_FALSE(alice.finished);
  alice.answer(chat::file_offered{"t"});
  CHECK(alice.finished);
}

TEST_CASE("the end of the input does not wait for a file that can't be read any more") {
  file_client alice;
  write_file(alice.home / "long.bin", some_bytes(5 << 20));
  alice.type("/send bob " + (alice.home / "long.bin").string());
  std::filesystem::resize_file(alice.home / "long.bin", 10);
  alice.end_input();
  CHECK(support::run_until(alice.on, [&] { return alice.finished; }));
  CHECK(alice.sent.empty());
}

TEST_CASE("chat goes on while a file is hashed") {
  file_client alice;
  write_file(alice.home / "long.bin", some_bytes(5 << 20));
  alice.type("/send bob " + (alice.home / "long.bin").string());
  alice.type("/quit");
  CHECK(alice.next_sent<chat::quit>());
}

TEST_CASE("an acceptance of nothing that was offered is passed over") {
  file_client alice;
  alice.offer("content", "t");
  alice.receive(accept("another", 1));
  alice.receive(accept("", 1));
  CHECK_FALSE(alice.busy());
  CHECK(alice.shown.empty());
}

TEST_CASE("an acceptance that makes no sense ends the offer, and nobody is connected to") {
  file_client alice;
  alice.offer("content", "t");
  auto answer = accept("t", 1);
  SECTION("more is there than the file has") { answer = accept("t", 1, 8); }
  SECTION("the address is none") { answer.address = "example.org"; }
  alice.receive(answer);
  CHECK(alice.shows("mine.txt was not sent: the answer is no part of the protocol"));
  CHECK_FALSE(alice.busy());
}

// A link-local address of this host, if it has one, with its scope.
std::optional<jalon::endpoint> link_local() {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) == -1) return std::nullopt;
  std::optional<jalon::endpoint> found;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET6) continue;
    const jalon::endpoint at(each->ifa_addr, sizeof(sockaddr_in6));
    if (at.address().starts_with("fe80:") && (each->ifa_flags & IFF_RUNNING) != 0) found = at;
  }
  ::freeifaddrs(all);
  return found;
}

TEST_CASE("a link-local address is connected to over the link to the server") {
  const auto local = link_local();
  if (!local) {
    WARN("skipped: this host has no link-local IPv6 address");
    return;
  }
  file_client alice("inbox", *local);
  jalon::listener bob(*local);
  alice.offer("content", "t");
  auto answer = accept("t", bob.local().port());
  SECTION("which has no scope") { answer.address = local->address_without_scope(); }
  SECTION("whatever the scope at another host is") {
    answer.address = local->address_without_scope() + "%no-such-one";
  }
  alice.receive(answer);
  jalon::accept_result sender;
  CHECK(support::run_until(alice.on, [&] {
    sender = bob.accept();
    return sender.status == jalon::io_status::ok;
  }));
}

TEST_CASE("an offer is answered once: what comes later is passed over") {
  file_client alice;
  jalon::listener bob(jalon::endpoint::loopback(0));
  alice.offer("content", "t");
  alice.receive(accept("t", bob.local().port()));
  REQUIRE(alice.busy());
  alice.receive(chat::file_reject_event{"bob", "t"});
  alice.receive(chat::file_cancel_event{"t", "bob"});
  alice.receive(accept("t", 1));
  CHECK(alice.busy());
  CHECK(alice.shown == lines{"bob accepted mine.txt", "Sending mine.txt to bob ..."});
}

TEST_CASE("a receiver who has changed nick is called by the new one") {
  file_client alice;
  alice.offer("content", "t");
  auto answer = accept("t", 1, 8);
  answer.from = "robert";
  alice.receive(answer);
  CHECK(alice.shows("robert accepted mine.txt"));
}

// ---- Being offered ----

TEST_CASE("a file that broke off is gone on with when it is offered again") {
  const std::string bytes = some_bytes(100'000);
  file_client bob;
  bob.receive_offer("t1", bytes);
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  CHECK(invited->offset->value() == 0);
  CHECK(invited->token.value().size() == 32);
  bob.answer(chat::ok{});
  auto first_try = visit(*invited);
  first_try.send(bytes.substr(0, 30'000));
  first_try.leave();
  REQUIRE(bob.shows("notes.txt was not received: the connection ended before the file did"));
  CHECK_FALSE(exists(bob.home / "inbox/notes.txt"));
  CHECK_FALSE(bob.busy());

  bob.receive_offer("t2", bytes);
  bob.type("Y");
  const auto again = bob.next_sent<chat::file_accept>();
  REQUIRE(again);
  CHECK(again->offset->value() == 30'000);
  CHECK(again->token != invited->token);
  bob.answer(chat::ok{});
  auto second_try = visit(*again);
  second_try.send(bytes.substr(30'000));
  const auto is_answered = [&] { return !second_try.received().empty(); };
  REQUIRE(support::run_until(bob.on, is_answered));
  second_try.leave();
  CHECK(bob.shows("notes.txt saved in " + (bob.home / "inbox/notes.txt").string()));
  CHECK(support::read_file(bob.home / "inbox/notes.txt") == bytes);
  CHECK_FALSE(exists(bob.home / "inbox.partial"));
}

TEST_CASE("a content that is wrong bears no name, and nothing of it is gone on with") {
  file_client bob;
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  bob.answer(chat::ok{});
  auto alice = visit(*invited);
  alice.send("contenT");
  const auto is_answered = [&] { return !alice.received().empty(); };
  REQUIRE(support::run_until(bob.on, is_answered));
  alice.leave();
  CHECK(bob.shows("notes.txt was not received: its content is not what was offered"));
  CHECK(std::filesystem::is_empty(bob.home / "inbox"));
  CHECK_FALSE(exists(bob.home / "inbox.partial"));
}

TEST_CASE("when the server does not pass the acceptance on, nobody is waited for") {
  file_client bob;
  bob.receive_offer("t", "content");
  bob.type("Y");
  REQUIRE(bob.next_sent<chat::file_accept>());
  REQUIRE(bob.busy());
  bob.answer(chat::error{"no_such_transfer", "there is no such transfer for you to answer"});
  CHECK(bob.shows("notes.txt was not received: the offer is gone"));
  CHECK_FALSE(bob.busy());
}

TEST_CASE("an answer that comes after the file does no harm") {
  file_client bob;
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  auto alice = visit(*invited);
  alice.send("content");
  const auto is_answered = [&] { return !alice.received().empty(); };
  REQUIRE(support::run_until(bob.on, is_answered));
  alice.leave();
  REQUIRE(support::run_until(bob.on, [&] { return !bob.busy(); }));
  bob.answer(chat::error{"no_such_transfer", ""});
  CHECK(bob.shown.back() == "[Server] : ");
}

TEST_CASE("a file that can't be received is refused, so that its sender does not wait") {
  file_client bob("file/inbox");
  write_file(bob.home / "file", "");
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto refusal = bob.next_sent<chat::file_reject>();
  REQUIRE(refusal);
  CHECK(refusal->transfer == "t");
  CHECK_FALSE(bob.busy());
}

TEST_CASE("the same content is not received twice at once") {
  file_client bob;
  bob.receive_offer("t1", "content");
  bob.receive_offer("t2", "content");
  bob.type("Y");
  REQUIRE(bob.next_sent<chat::file_accept>());
  bob.answer(chat::ok{});
  bob.type("Y");
  const auto refusal = bob.next_sent<chat::file_reject>();
  REQUIRE(refusal);
  CHECK(refusal->transfer == "t2");
  CHECK(bob.shows("this file is on its way already"));
}

TEST_CASE("the end of the input waits until the acceptance is sent and answered") {
  const std::string bytes = some_bytes(6 << 20);
  file_client bob;
  std::filesystem::create_directory(bob.home / "inbox.partial");
  const std::string name = hash_of(bytes) + '-' + std::to_string(bytes.size());
  write_file(bob.home / "inbox.partial" / name, bytes.substr(0, 5 << 20));
  bob.receive_offer("t", bytes);
  bob.type("Y");
  bob.end_input();
  CHECK_FALSE(bob.finished);
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  CHECK(invited->offset->value() == 5 << 20);
  CHECK_FALSE(bob.finished);
  bob.answer(chat::ok{});
  CHECK(bob.finished);
  CHECK(bob.busy());
}

TEST_CASE("an offer whose name would not fit on a line is no part of the protocol") {
  file_client bob;
  bob.receive_offer(std::string(129, 't'), "content");
  CHECK(bob.shown == lines{"the server said something that is no part of the protocol"});
  bob.type("N");  // there is no offer, so this is a line like any other
  CHECK(bob.next_sent<chat::echo>());
}

TEST_CASE("a file name that is a path is no part of the protocol") {
  file_client bob;
  std::string offer = jalon::write_message(chat::file_offer_event{
      "alice", "t", *chat::file_name::from("NAME"), {}, *chat::sha256_hex::from(hash_of(""))});
  const std::string name = GENERATE("../notes.txt", "/etc/passwd", "..", ".", "", "a\\\\b",
                                    "a\\u0000b", "a\\nb", "\\u007f");
  CAPTURE(name);
  offer.replace(offer.find("NAME"), 4, name);
  bob.receive_line(offer);
  CHECK(bob.shown == lines{"the server said something that is no part of the protocol"});
}
