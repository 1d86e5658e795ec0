// What a user's program makes of offers of files; its server, and the other user, are the test.
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <future>
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

// When a line was begun: before any prompt, or nobody knows.
const program::line_begin begun_first = 0;
const program::line_begin begun_unknown = std::nullopt;

// A user's program without its console and its link.
class file_client {
 public:
  explicit file_client(const std::string& inbox = "inbox", const transfer::inbox_calls& calls = {},
                       const std::string& server = "127.0.0.1",
                       const jalon::endpoint& local = jalon::endpoint::loopback(50'000),
                       std::chrono::milliseconds reading_time = {})
      : core_({[this](std::string_view line) { sent.emplace_back(line); },
               [this](std::string_view text, program::look) { shown.emplace_back(text); },
               [this](std::string_view text) {
                 prompt = text;
                 ++prompts;
               },
               [](bool) {}, [this] { finished = true; }}),
        files_(on.loop, core_, transfer::inbox(home / inbox, calls),
               {local, *jalon::endpoint::ip(server, 8'080),
                [this](const std::string& line) { progress_lines += line.empty() ? 0 : 1; }, [] {},
                reading_time}) {}

  void type(const std::string& line, program::line_begin begun = program::begun_last) {
    core_.typed(line, begun);
  }
  void end_input() { core_.end_of_input(); }
  bool busy() const { return files_.busy(); }

  template <jalon::message M>
  void receive(const M& message, const jalon::message_id& id = {}) {
    core_.received(jalon::write_message(message, id));
  }

  void receive_line(const std::string& line) { core_.received(line); }

  // Somebody offers `bytes` as notes.txt.
  void receive_offer(const std::string& transfer, const std::string& bytes,
                     const std::string& from = "alice", const std::string& file = "notes.txt") {
    receive(chat::file_offer_event{from, transfer, *chat::file_name::from(file),
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

  std::size_t times_shown(const std::string& line) const {
    return static_cast<std::size_t>(std::count(shown.begin(), shown.end(), line));
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
  std::string prompt;
  std::uint64_t prompts = 0;  // that were set
  int progress_lines = 0;
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

// The server of a chat, and one of its users, somewhere in the Internet (RFC 5737).
const std::string far_server = "192.0.2.1";
const std::string far_user = "192.0.2.7";

chat::file_accept_event accept_at(const std::string& address) {
  auto answer = accept("t", 40'001);
  answer.address = address;
  return answer;
}

// What is shown when somebody offers one byte.
std::string question(const std::string& from, const std::string& file) {
  return from + " wants to send you \"" + file + "\" (1 B). Accept? [Y/N]";
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
  file_client alice("inbox", {}, local->address(), *local);
  jalon::listener bob(*local);
  alice.offer("content", "t");
  auto answer = accept("t", bob.local().port());
  SECTION("which has no scope") { answer.address = local->address_without_scope(); }
  SECTION("whatever the scope at another host is") {
    answer.address = local->address_without_scope() + "%no-such-one";
  }
  alice.receive(answer);
  REQUIRE(alice.next_sent<chat::whois>());
  alice.answer(chat::user_info{"bob", "", local->address_without_scope(), 50'001});
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
  const std::string at = "127.0.0.1:" + std::to_string(bob.local().port());
  CHECK(alice.shown == lines{"bob accepted mine.txt", "Connecting to bob at " + at,
                             "Sending mine.txt to bob ..."});
}

TEST_CASE("a receiver who has changed nick is called by the new one") {
  file_client alice;
  alice.offer("content", "t");
  auto answer = accept("t", 1, 8);
  answer.from = "robert";
  alice.receive(answer);
  CHECK(alice.shows("robert accepted mine.txt"));
}

// ---- Where to send ----

TEST_CASE("no file is sent to this machine or its network, unless the chat is there too") {
  const auto [server, address] = GENERATE(table<std::string, std::string>({
      {far_server, "127.0.0.1"},
      {far_server, "::1"},
      {far_server, "::ffff:127.0.0.1"},
      {far_server, "169.254.169.254"},
      {far_server, "192.168.0.1"},
      {"2001:db8::1", "fd00::1"},
      {"10.0.0.1", "127.0.0.1"},
      {"10.0.0.1", "fe80::1"},
  }));
  CAPTURE(server, address);
  file_client alice("inbox", {}, server);
  alice.offer("content", "t");
  alice.receive(accept_at(address));
  CHECK(alice.shows("mine.txt was not sent: " + jalon::endpoint::ip(address, 0)->address() +
                    " is an address of your own machine or network, and the server is not there"));
  CHECK_FALSE(alice.busy());
}

TEST_CASE("no file is sent to an address that is no machine's, wherever the chat is") {
  const std::string server = GENERATE(as<std::string>(), "127.0.0.1", far_server);
  const std::string address = GENERATE("0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255");
  CAPTURE(server, address);
  file_client alice("inbox", {}, server);
  alice.offer("content", "t");
  alice.receive(accept_at(address));
  CHECK(alice.shows("mine.txt was not sent: " + address + " is not the address of a machine"));
  CHECK_FALSE(alice.busy());
}

TEST_CASE("a file is sent without a question to the address from which the receiver chats") {
  file_client alice("inbox", {}, GENERATE(as<std::string>(), far_server, "127.0.0.1"));
  alice.offer("content", "t");
  alice.receive(accept_at(far_user));
  CHECK_FALSE(alice.busy());
  const auto asked = alice.next_sent<chat::whois>();
  REQUIRE(asked);
  CHECK(asked->nick.value() == "bob");
  alice.answer(chat::user_info{"bob", "", far_user, 50'001});
  CHECK(alice.times_shown("Connecting to bob at 192.0.2.7:40001") == 1);
  CHECK(alice.times_shown("Sending mine.txt to bob ...") == 1);
}

TEST_CASE("before a file is sent to any other address, the user is asked") {
  const bool is_known = GENERATE(true, false);
  file_client alice("inbox", {}, far_server);
  alice.offer("content", "t");
  alice.receive(accept_at("192.0.2.99"));
  REQUIRE(alice.next_sent<chat::whois>());
  if (is_known)
    alice.answer(chat::user_info{"bob", "", far_user, 50'001});
  else
    alice.answer(chat::error{"no_such_nick", "nobody has this nick"});
  CHECK(alice.shows("bob waits for mine.txt at 192.0.2.99:40001" +
                    std::string(is_known
                                    ? ", but is in the chat from 192.0.2.7."
                                    : ". The server did not say whether this is their address.") +
                    " Send it there? [Y/N]"));
  CHECK_FALSE(alice.busy());
  SECTION("yes") {
    alice.type("Y");
    CHECK(alice.times_shown("Connecting to bob at 192.0.2.99:40001") == 1);
  }
  SECTION("no") {
    alice.type("N");
    CHECK(alice.shown.back() == "mine.txt was not sent: you did not want to send it there");
    CHECK_FALSE(alice.busy());
  }
}

TEST_CASE("after the end of the input, a file is not sent to an address that can't be checked") {
  file_client alice("inbox", {}, far_server);
  alice.offer("content", "t");
  alice.end_input();
  REQUIRE(alice.finished);
  const auto requests = alice.sent.size();
  alice.receive(accept_at(far_user));
  CHECK(alice.shown.back() ==
        "mine.txt was not sent: the server can't be asked any more where they are");
  CHECK(alice.sent.size() == requests);
}

// ---- Being offered ----

TEST_CASE("one question stands at a time, and Y answers that one") {
  file_client bob;
  bob.receive_offer("t1", "1", "mallory", "evil.sh");
  bob.receive_offer("t2", "2", "alice", "notes.txt");
  CHECK(bob.shown ==
        lines{question("mallory", "evil.sh"),
              "alice wants to send you \"notes.txt\" (1 B). You will be asked later."});
  bob.type("N");
  const auto refused = bob.next_sent<chat::file_reject>();
  REQUIRE(refused);
  CHECK(refused->transfer == "t1");
  bob.answer(chat::ok{});
  REQUIRE(bob.shows(question("alice", "notes.txt")));
  bob.type("Y");
  const auto accepted = bob.next_sent<chat::file_accept>();
  REQUIRE(accepted);
  CHECK(accepted->transfer == "t2");
}

TEST_CASE("an answer that was typed before its question does not count") {
  file_client bob;
  SECTION("two answers at once, and the second question is not shown yet") {
    bob.receive_offer("t1", "1", "alice", "one.txt");
    bob.receive_offer("t2", "2", "mallory", "two.txt");
    bob.type("N");
    bob.type("Y");
    REQUIRE(bob.next_sent<chat::file_reject>());
    bob.answer(chat::ok{});
  }
  SECTION("a line that waits for an answer of the server") {
    bob.type("word");
    bob.type("Y");
    bob.receive_offer("t2", "2", "mallory", "two.txt");
    REQUIRE(bob.next_sent<chat::echo>());
    bob.answer(chat::echo{*chat::message_text::from("word")});
  }
  SECTION("the command without a name") {
    bob.receive_offer("t1", "1", "alice", "one.txt");
    bob.receive_offer("t2", "2", "mallory", "two.txt");
    bob.type("/reject");
    bob.type("/accept");
    REQUIRE(bob.next_sent<chat::file_reject>());
    bob.answer(chat::ok{});
    CHECK(bob.shows("no such file is offered to you"));
    bob.type("Y");
  }
  const auto plain = bob.next_sent<chat::echo>();  // a line like any other
  REQUIRE(plain);
  CHECK(plain->text.value() == "Y");
  bob.answer(*plain);
  REQUIRE(bob.shows(question("mallory", "two.txt")));
  CHECK_FALSE(bob.busy());
  bob.type("N");
  const auto refused = bob.next_sent<chat::file_reject>();
  REQUIRE(refused);
  CHECK(refused->transfer == "t2");
}

TEST_CASE("the prompt names the question that stands, and nothing of it is longer than it may be") {
  file_client bob;
  const std::string name = GENERATE(std::string("notes.txt"), std::string(255, 'n'));
  bob.receive_offer("t", "1", "alice", name);
  const bool is_long = name.size() > 40;
  CHECK(bob.prompt ==
        "Accept from alice: " + (is_long ? std::string(40, 'n') + "..." : name) + "? [Y/N] ");
  bob.receive(chat::file_cancel_event{"t", "alice"});
  CHECK(support::run_until(bob.on, [&] { return bob.prompt == "> "; }));
}

TEST_CASE("an answer that was begun before its question is asked for again") {
  file_client bob;
  bob.receive_offer("t1", "1", "alice", "one.txt");
  bob.receive_offer("t2", "2", "mallory", "two.txt");
  bob.receive(chat::file_cancel_event{"t1", "alice"});
  REQUIRE(bob.shows(question("mallory", "two.txt")));
  const std::string answer = GENERATE("Y", "n", "/accept", "/accept two.txt", "/reject");
  bob.type(answer, GENERATE(begun_first, begun_unknown));
  CHECK(bob.sent.empty());
  CHECK(bob.times_shown("You began to type this before you were asked. Please answer again.") == 1);
  CHECK(bob.times_shown(question("mallory", "two.txt")) == 2);
  bob.type("Y", begun_unknown);
  CHECK(bob.next_sent<chat::file_accept>());
}

TEST_CASE(
    "where nobody knows when a line was begun, only a question that replaces one asks again") {
  file_client bob;
  bob.receive_offer("t1", "1", "alice", "one.txt");
  bob.receive_offer("t2", "2", "carol", "two.txt");
  bob.type("N", begun_unknown);
  REQUIRE(bob.next_sent<chat::file_reject>());
  bob.answer(chat::ok{});
  REQUIRE(bob.shows(question("carol", "two.txt")));
  bob.type("Y", begun_unknown);
  CHECK(bob.next_sent<chat::file_accept>());
}

TEST_CASE("an answer that comes before the question can be read is asked for again") {
  file_client bob("inbox", {}, "127.0.0.1", jalon::endpoint::loopback(50'000),
                  std::chrono::seconds(1));
  bob.receive_offer("t", "1");
  const std::string answer = GENERATE("Y", "N", "/accept", "/accept notes.txt");
  const std::string again =
      "You were asked only just now. Please read the question and answer again.";
  const auto wait = [&](std::chrono::milliseconds time) {
    support::run_turns(bob.on, 2);
    bob.on.clock.advance(time);
    support::run_turns(bob.on, 2);
  };
  SECTION("typed too soon") {
    wait(std::chrono::milliseconds(999));
    bob.type(answer);
  }
  SECTION("typed too soon, and run long after") {
    bob.type("word");
    REQUIRE(bob.next_sent<chat::echo>());
    bob.receive(chat::file_cancel_event{"t", "alice"});
    bob.receive_offer("t2", "1");
    REQUIRE(support::run_until(
        bob.on, [&] { return bob.times_shown(question("alice", "notes.txt")) == 2; }));
    bob.type(answer);
    wait(std::chrono::seconds(2));
    bob.answer(chat::echo{*chat::message_text::from("word")});
  }
  CHECK(bob.times_shown(again) == 1);
  CHECK(bob.shown.back() == question("alice", "notes.txt"));
  wait(std::chrono::seconds(1));
  bob.type("N");
  CHECK(bob.next_sent<chat::file_reject>());
}

TEST_CASE("when the offer that was asked about is gone, the next one is asked about") {
  file_client bob;
  bob.receive_offer("t1", "1", "alice", "one.txt");
  bob.receive_offer("t2", "2", "carol", "two.txt");
  bob.receive_offer("t3", "3", "dave", "three.txt");
  bob.receive(chat::file_cancel_event{"t2", "carol"});
  bob.receive(chat::file_cancel_event{"t1", "alice"});
  REQUIRE(bob.shows(question("dave", "three.txt")));
  CHECK(bob.times_shown(question("carol", "two.txt")) == 0);
}

TEST_CASE("an offer of a name that several have is answered by its question only") {
  file_client bob;
  bob.receive_offer("t1", "1", "mallory", "notes.txt");
  bob.receive_offer("t2", "2", "alice", "notes.txt");
  bob.type("/accept notes.txt");
  CHECK(bob.shown.back() == "several offers have this name: answer each with Y or N");
  CHECK(bob.sent.empty());
}

TEST_CASE("a name does not answer an offer that came after the line was begun") {
  file_client bob;
  bob.receive_offer("t1", "1", "carol", "other.txt");
  bob.receive_offer("t2", "2", "alice", "notes.txt");
  const bool accepts = GENERATE(true, false);
  const std::string line = accepts ? "/accept notes.txt" : "/reject notes.txt";
  std::optional<program::line_begin> begun;
  bool of_mallory_before = false;
  SECTION("while another line waited for its answer") {
    bob.type("word");
    bob.type(line);
    REQUIRE(bob.next_sent<chat::echo>());
  }
  SECTION("which was half typed") { begun = bob.prompts; }
  SECTION("or may have been") { begun = begun_unknown; }
  SECTION("and there was one of that name, which is gone") {
    of_mallory_before = true;
    bob.receive_offer("t3", "3", "mallory", "notes.txt");
    begun = bob.prompts;
  }
  bob.receive(chat::file_cancel_event{"t2", "alice"});
  if (!of_mallory_before) bob.receive_offer("t3", "3", "mallory", "notes.txt");
  if (begun)
    bob.type(line, *begun);
  else
    bob.answer(chat::echo{*chat::message_text::from("word")});
  CHECK(
      bob.shows("You began to type this before mallory offered notes.txt. Type it again if you "
                "mean that file."));
  bob.type(line);
  if (accepts)
    CHECK(bob.next_sent<chat::file_accept>());
  else
    CHECK(bob.next_sent<chat::file_reject>());
}

TEST_CASE("offers beyond a bound are refused without a question, and told once") {
  file_client bob;
  const bool one_sender = GENERATE(true, false);
  const std::size_t most =
      one_sender ? chat::incoming_files::most_of_one_sender : chat::incoming_files::most_offers;
  const std::size_t offers = 10 * most;
  for (std::size_t i = 0; i < offers; ++i) {
    const std::string number = std::to_string(i);
    bob.receive_offer(number, "1", one_sender ? "alice" : "a" + number);
  }
  CHECK(bob.sent.size() == offers - most);
  CHECK(bob.shown.size() == most + 1);
  const auto refused = bob.next_sent<chat::file_reject>();
  REQUIRE(refused);
  CHECK(refused->transfer == std::to_string(most));
}

TEST_CASE("a file that can't be kept is not confirmed, and is whole for the next try") {
  transfer::inbox_calls calls;
  calls.link = calls.move = calls.replace = [](int, const char*, int, const char*) {
    errno = EPERM;
    return -1;
  };
  file_client bob("inbox", calls);
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  bob.answer(chat::ok{});
  auto alice = visit(*invited);
  alice.send("content");
  const auto is_answered = [&] { return !alice.received().empty(); };
  REQUIRE(support::run_until(bob.on, is_answered));
  CHECK(alice.received().find("cannot keep it: Operation not permitted") != std::string::npos);
  alice.leave();
  CHECK(bob.shows("notes.txt was not received: cannot keep it: Operation not permitted"));

  bob.receive_offer("t2", "content");
  bob.type("Y");
  const auto again = bob.next_sent<chat::file_accept>();
  REQUIRE(again);
  CHECK(again->offset->value() == 7);
}

TEST_CASE("the chat goes on while the disk takes its time to keep a file") {
  std::promise<void> disk_is_ready;
  transfer::inbox_calls calls;
  calls.sync = [ready = disk_is_ready.get_future().share()](int) {
    ready.wait_for(std::chrono::seconds(60));
    return 0;
  };
  file_client bob("inbox", calls);
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto accepted = bob.next_sent<chat::file_accept>();
  REQUIRE(accepted);
  bob.answer(chat::ok{});
  auto alice = visit(*accepted);
  alice.send("content");
  support::run_turns(bob.on, 50);
  CHECK(bob.busy());
  CHECK_FALSE(alice.gone());
  disk_is_ready.set_value();
  CHECK(bob.shows("notes.txt saved in " + (bob.home / "inbox/notes.txt").string()));
}

TEST_CASE("a part that was wrong is dropped at once, and the next try begins at 0") {
  const std::string bytes = some_bytes(10'000);
  file_client bob;
  const auto accepted = [&](const std::string& transfer) {
    bob.receive_offer(transfer, bytes);
    bob.type("Y");
    auto invited = bob.next_sent<chat::file_accept>();
    REQUIRE(invited);
    bob.answer(chat::ok{});
    return *invited;
  };
  auto mallory = visit(accepted("t1"));
  mallory.send(std::string(5'000, 'x'));
  mallory.leave();
  REQUIRE(support::run_until(bob.on, [&] { return !bob.busy(); }));

  const auto invited = accepted("t2");
  REQUIRE(invited.offset->value() == 5'000);
  auto alice = visit(invited);
  alice.send(bytes.substr(5'000));
  const auto is_answered = [&] { return !alice.received().empty(); };
  REQUIRE(support::run_until(bob.on, is_answered));
  alice.leave();
  CHECK(bob.shows(
      "notes.txt was not received: the part from an earlier attempt was wrong and is dropped; "
      "offer the file again"));
  CHECK(accepted("t3").offset->value() == 0);
}

TEST_CASE("what one user began wrongly does not harm the file of another") {
  const std::string bytes = some_bytes(10'000);
  file_client bob;
  bob.receive_offer("t1", bytes, "mallory");
  bob.type("Y");
  const auto first = bob.next_sent<chat::file_accept>();
  REQUIRE(first);
  bob.answer(chat::ok{});
  auto mallory = visit(*first);
  mallory.send(std::string(5'000, 'x'));
  mallory.leave();
  REQUIRE(support::run_until(bob.on, [&] { return !bob.busy(); }));

  bob.receive_offer("t2", bytes, "alice");
  bob.type("Y");
  const auto second = bob.next_sent<chat::file_accept>();
  REQUIRE(second);
  CHECK(second->offset->value() == 0);
}

TEST_CASE("an offer of somebody without a nick is no part of the protocol") {
  file_client bob;
  bob.receive_offer("t", "1", GENERATE(as<std::string>(), "", "../x", "a b", "Server"));
  CHECK(bob.shown == lines{"the server said something that is no part of the protocol"});
}

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
  CHECK_FALSE(exists(bob.home / "inbox.partial"));
}

TEST_CASE("what the sender still sends when the server refuses the acceptance does no harm") {
  file_client bob;
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  auto alice = visit(*invited);
  alice.send("con");
  REQUIRE(support::run_until(bob.on, [&] { return bob.progress_lines > 0; }));
  SECTION("more bytes") { alice.send("ten"); }
  SECTION("all bytes") { alice.send("tent"); }
  SECTION("the end") { alice.leave(); }
  // The receiver is retired before the loop's turn that reads these.
  bob.answer(chat::error{"no_such_transfer", ""});
  support::run_turns(bob.on, 5);
  CHECK(bob.times_shown("notes.txt was not received: the offer is gone") == 1);
  CHECK_FALSE(bob.busy());
}

TEST_CASE("a file is saved when all its bytes have come, whether or not its sender leaves") {
  file_client bob;
  bob.receive_offer("t", "content");
  bob.type("Y");
  const auto invited = bob.next_sent<chat::file_accept>();
  REQUIRE(invited);
  bob.answer(chat::ok{});
  auto alice = visit(*invited);
  alice.send("content");
  CHECK(bob.shows("notes.txt saved in " + (bob.home / "inbox/notes.txt").string()));
  CHECK(bob.busy());  // until the sender has the answer
  alice.leave();
  CHECK(support::run_until(bob.on, [&] { return !bob.busy(); }));
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

TEST_CASE("a file is refused at once if the rest of another one will take its space") {
  transfer::inbox_calls calls;
  calls.space = [](int, struct statvfs* status) {
    status->f_frsize = 1;
    status->f_bavail = 10;
    return 0;
  };
  file_client bob("inbox", calls);
  bob.receive_offer("t1", "content", "alice", "one.txt");
  bob.receive_offer("t2", "another", "alice", "two.txt");
  bob.type("Y");
  REQUIRE(bob.next_sent<chat::file_accept>());
  bob.answer(chat::ok{});
  REQUIRE(bob.shows("alice wants to send you \"two.txt\" (7 B). Accept? [Y/N]"));
  bob.type("Y");
  const auto refused = bob.next_sent<chat::file_reject>();
  REQUIRE(refused);
  CHECK(refused->transfer == "t2");
  CHECK(bob.shown.back().starts_with("two.txt cannot be received: write "));
  CHECK(bob.shown.back().ends_with("No space left on device"));
}

TEST_CASE("the same content is not received twice at once") {
  file_client bob;
  bob.receive_offer("t1", "content");
  bob.receive_offer("t2", "content");
  bob.type("Y");
  REQUIRE(bob.next_sent<chat::file_accept>());
  bob.answer(chat::ok{});
  REQUIRE(support::run_until(bob.on, [&] {
    return bob.times_shown("alice wants to send you \"notes.txt\" (7 B). Accept? [Y/N]") == 2;
  }));
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
  const std::string name = hash_of(bytes) + '-' + std::to_string(bytes.size()) + "-alice";
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
