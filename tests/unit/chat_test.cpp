// What dialogues can't say well of the chat: thousands of users, bounds, and requests at random.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <jalon/json_message.hpp>

#include "04-files/rules.hpp"
#include "catch.hpp"
#include "chat/names.hpp"
#include "support/memory_host.hpp"
#include "support/milestones.hpp"
#include "support/witnessed_chat.hpp"

namespace {

using nlohmann::json;

// The chat in memory; every line that a test looks at is held against the bound of a line.
class room {
 public:
  using client = support::memory_host::client;

  client enter(const std::string& nick,
               const jalon::endpoint& from = jalon::endpoint::loopback(52'322)) {
    const client id = host.connect(from);
    host.next(id);
    CHECK(ask(id, R"("type":"nick","nick":")" + nick + '"').at("type") == "welcome");
    return id;
  }

  // The next line for @p who.
  json next(client who) {
    const support::delivery came = host.next(who);
    REQUIRE(came.what == support::delivery::line);
    REQUIRE(came.text.size() + 1 <= chat::max_line);
    json message = json::parse(came.text, nullptr, false);
    REQUIRE(message.is_object());
    return message;
  }

  json ask(client who, const std::string& fields) {
    host.send(who, "{" + fields + "}\n");
    return next(who);
  }

  // Every entry of a list, asked for page by page with the longest id that there can be.
  std::vector<std::string> pages(client who, const std::string& fields, const char* list,
                                 std::size_t& count) {
    const std::string id(jalon::max_id_bytes, '\x01');
    std::vector<std::string> all;
    std::string after;
    for (count = 1; count < 100; ++count) {
      std::string line = fields;
      line.append(R"(,"after":")").append(after).append(R"(","id":)");
      jalon::append_json(line, id);
      const json page = ask(who, line);
      CHECK(page.at("id") == id);
      for (const auto& entry : page.at(list))
        all.push_back(entry.is_string() ? entry : entry.at("channel"));
      if (!page.contains("more")) break;
      CHECK(page.at("more") == true);
      after = all.back();
    }
    return all;
  }

  support::chat_of chat{"files"};
  support::memory_host host{chat.service()};
};

// So many of the longest names, in the order in which they are listed; every other one in capitals.
std::vector<std::string> longest_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count; ++i) {
    std::string digits = std::to_string(i);
    digits.insert(0, 6 - digits.size(), '0');
    names.push_back(std::string(chat::max_name - 6, i % 2 == 0 ? 'n' : 'N') + digits);
  }
  return names;
}

std::string offer_to(const std::string& nick) {
  return R"("type":"file_offer","to":")" + nick + R"(","file":"f","size":1,"sha256":")" +
         std::string(64, '0') + '"';
}

}  // namespace

TEST_CASE("a list of thousands of users comes in pages that each fit on a line") {
  room chat;
  const auto names = longest_names(4'000);
  room::client last{};
  for (const auto& name : names) last = chat.enter(name);
  std::size_t pages = 0;
  CHECK(chat.pages(last, R"("type":"who")", "users", pages) == names);
  CHECK(pages == 3);
}

TEST_CASE("users are told of addresses that other hosts can use") {
  sockaddr_in6 from{};
  from.sin6_family = AF_INET6;
  from.sin6_port = htons(4321);
  std::string told;
  SECTION("an IPv4 user at a server on :: has an IPv4 address") {
    REQUIRE(::inet_pton(AF_INET6, "::ffff:192.0.2.7", &from.sin6_addr) == 1);
    told = "192.0.2.7";
  }
  SECTION("a link-local address has no scope: that is an interface of the server") {
    REQUIRE(::inet_pton(AF_INET6, "fe80::7", &from.sin6_addr) == 1);
    from.sin6_scope_id = 1;
    told = "fe80::7";
  }
  room chat;
  const auto alice = chat.enter("alice");
  const auto bob = chat.enter("bob", {reinterpret_cast<const sockaddr*>(&from), sizeof from});
  const json user = chat.ask(alice, R"("type":"whois","nick":"bob")");
  CHECK(user.at("address") == told);
  CHECK(user.at("port") == 4321);

  const json offered = chat.ask(alice, offer_to("bob"));
  CHECK(chat.next(bob).at("type") == "file_offer");
  chat.host.send(bob, R"({"type":"file_accept","port":1,"token":"k","transfer":)" +
                          offered.at("transfer").dump() + "}\n");
  CHECK(chat.next(alice).at("address") == told);
}

TEST_CASE("a list of thousands of channels comes in pages that each fit on a line") {
  room chat;
  const auto names = longest_names(4'000);
  room::client last{};
  for (const auto& name : names) {
    last = chat.enter(name);
    CHECK(chat.ask(last, R"("type":"create","channel":")" + name + '"').at("type") == "joined");
  }
  std::size_t pages = 0;
  CHECK(chat.pages(last, R"("type":"channels")", "channels", pages) == names);
  CHECK(pages == 4);
}

TEST_CASE("a list of thousands of members comes in pages that each fit on a line") {
  room chat;
  const auto names = longest_names(2'000);
  const std::string where = R"("channel":")" + std::string(chat::max_name, 'c') + '"';
  room::client last{};
  for (const auto& name : names) {
    last = chat.enter(name);
    chat.ask(last,
             name == names.front() ? R"("type":"create",)" + where : R"("type":"join",)" + where);
  }
  std::size_t pages = 0;
  CHECK(chat.pages(last, R"("type":"members",)" + where, "users", pages) == names);
  CHECK(pages == 2);
}

TEST_CASE("a list that just fits on a line says nothing of more") {
  room chat;
  room::client last{};
  for (const auto& name : longest_names(1'000)) last = chat.enter(name);
  const json page = chat.ask(last, R"("type":"who")");
  CHECK(page.at("users").size() == 1'000);
  CHECK_FALSE(page.contains("more"));
}

TEST_CASE("the longest answers and events fit on a line") {
  room chat;
  const auto names = longest_names(2);
  const room::client alice = chat.enter(names[0]), bob = chat.enter(names[1]);
  std::string id = R"("id":)", text;
  jalon::append_json(id, std::string(jalon::max_id_bytes, '\x01'));
  jalon::append_json(text, std::string(chat::max_text, '"'));
  CHECK(chat.ask(alice, id + R"(,"type":"echo","text":)" + text).at("type") == "echo");
  CHECK(chat.ask(alice, id + R"(,"type":"msgall","text":)" + text).at("type") == "ok");
  CHECK(chat.next(bob).at("text") == std::string(chat::max_text, '"'));
  CHECK(chat.ask(alice, id + R"(,"type":")" + std::string(60'000, 'x') + '"').at("code") ==
        "unknown_type");
}

TEST_CASE("a user may have 64 offers that wait for an answer, and each answer makes room for one") {
  room chat;
  const room::client alice = chat.enter("alice"), bob = chat.enter("bob");
  std::string transfer;
  for (std::size_t i = 0; i < chat::transfers::most_open_offers; ++i) {
    const json offered = chat.ask(alice, offer_to("bob"));
    REQUIRE(offered.at("type") == "file_offered");
    transfer = offered.at("transfer");
    CHECK(chat.next(bob).at("transfer") == transfer);
  }
  CHECK(chat.ask(alice, offer_to("bob")).at("code") == "bad_transfer");

  // Nobody else is kept from offering.
  CHECK(chat.ask(bob, offer_to("alice")).at("type") == "file_offered");
  CHECK(chat.next(alice).at("type") == "file_offer");

  const auto answer = GENERATE(as<std::string>{}, "file_accept", "file_reject", "file_cancel");
  const room::client answering = answer == "file_cancel" ? alice : bob;
  const room::client told = answer == "file_cancel" ? bob : alice;
  CHECK(chat.ask(answering, R"("id":1,"port":1,"token":"t","type":")" + answer +
                                R"(","transfer":")" + transfer + '"')
            .at("type") == "ok");
  CHECK(chat.next(told).at("type") == answer);
  CHECK(chat.ask(alice, offer_to("bob")).at("type") == "file_offered");
  CHECK(chat.ask(alice, offer_to("bob")).at("code") == "bad_transfer");
}

TEST_CASE("an offer that ended with its receiver makes room for another") {
  room chat;
  const room::client alice = chat.enter("alice"), bob = chat.enter("bob");
  chat.enter("carol");
  for (std::size_t i = 0; i < chat::transfers::most_open_offers; ++i)
    CHECK(chat.ask(alice, offer_to("bob")).at("type") == "file_offered");
  chat.host.disconnect(bob);
  for (std::size_t i = 0; i < chat::transfers::most_open_offers; ++i)
    CHECK(chat.next(alice).at("type") == "file_cancel");
  for (std::size_t i = 0; i < chat::transfers::most_open_offers; ++i)
    CHECK(chat.ask(alice, offer_to("carol")).at("type") == "file_offered");
  CHECK(chat.ask(alice, offer_to("carol")).at("code") == "bad_transfer");
}

TEST_CASE("a user may get 256 offers that wait for an answer, whoever makes them") {
  room chat;
  const room::client bob = chat.enter("bob"), zoe = chat.enter("zoe");
  constexpr std::size_t each = chat::transfers::most_open_offers;
  constexpr std::size_t all = chat::transfers::most_offers_to_one;
  std::vector<room::client> senders;
  for (std::size_t n = 0; n < all / each; ++n) {
    senders.push_back(chat.enter("sender" + std::to_string(n)));
    for (std::size_t i = 0; i < each; ++i)
      REQUIRE(chat.ask(senders.back(), offer_to("bob")).at("type") == "file_offered");
  }
  CHECK(chat.ask(zoe, offer_to("bob")).at("code") == "bad_transfer");
  INFO("others can still be offered files, and a sender who leaves makes room");
  CHECK(chat.ask(zoe, offer_to("sender1")).at("type") == "file_offered");
  chat.host.disconnect(senders.front());
  CHECK(chat.ask(zoe, offer_to("bob")).at("type") == "file_offered");
  chat.host.disconnect(bob);
  CHECK(chat.next(senders.back()).at("type") == "file_cancel");
}

TEST_CASE("the nick of a user who is parted from for not reading is free in the same turn") {
  room chat;
  const room::client alice = chat.enter("alice"), bob = chat.enter("bob");
  chat.ask(alice, R"("type":"create","channel":"room")");
  chat.ask(bob, R"("type":"join","channel":"room")");
  CHECK(chat.next(alice).at("type") == "joined");
  CHECK(chat.ask(alice, offer_to("bob")).at("type") == "file_offered");
  chat.host.deafen(bob);
  chat.host.send(alice, R"({"type":"msg","id":1,"to":"bob","text":"are you there?"})"
                        "\n"
                        R"({"type":"nick","id":2,"nick":"bob"})"
                        "\n");
  CHECK(chat.next(alice).at("type") == "ok");
  CHECK(chat.next(alice) == json({{"type", "left"}, {"channel", "room"}, {"nick", "bob"}}));
  CHECK(chat.next(alice) ==
        json({{"type", "file_cancel"}, {"transfer", "transfer-1"}, {"from", "bob"}}));
  CHECK(chat.next(alice) == json({{"type", "welcome"}, {"id", 2}, {"nick", "bob"}}));
  CHECK(chat.host.strays() == 0);
}

TEST_CASE(
    "whatever is asked at random, each id has one answer and the chat agrees with its users") {
  const std::vector<std::string> types{
      "nick", "who",        "whois",       "msg",         "msgall",   "echo",
      "ping", "create",     "join",        "leave",       "channels", "members",
      "say",  "file_offer", "file_accept", "file_reject", "nick",     "create",
      "join", "file_offer", "file_cancel", "quit",        "dance",    ""};
  const std::vector<std::string> names{"a", "b", "B", "carol", "server", "9", "witness", ""};
  const std::vector<std::string> ids{"", R"("id":1,)", R"("id":"x",)", R"("id":-7,)",
                                     R"("id":1.5,)"};
  const auto seed = GENERATE(range(1U, 21U));
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto one_of = [&](const auto& list) -> const auto& { return list[random() % list.size()]; };
  support::witnessed_chat chat;
  const auto request = [&] {
    std::string line = "{" + one_of(ids) + R"("file":"f","size":5,"port":80,"token":"t")";
    for (const std::string field : {"nick", "to", "channel", "text"})
      line += ",\"" + field + "\":\"" + one_of(names) + '"';
    line += R"(,"type":")" + one_of(types);
    line += R"(","transfer":")" + chat.transfer(random());
    return line + R"(","sha256":")" + std::string(64, 'a') + "\"}\n";
  };
  std::vector<std::size_t> clients{chat.connect()};
  for (int act = 0; act < 500; ++act) {
    std::size_t& who = clients[random() % clients.size()];
    const auto choice = random() % 100;
    if (!chat.is_open(who))
      who = chat.connect();
    else if (choice < 2 && clients.size() < 8)
      clients.push_back(chat.connect());
    else if (choice < 4)
      chat.disconnect(who);
    else if (choice < 6)
      chat.end_input(who);
    else if (choice < 8)
      chat.deafen(who);
    else
      chat.send(who, request());
  }
}
