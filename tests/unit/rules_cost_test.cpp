// What a small request costs the rules of the chat must not grow with the chat: no table is
// scanned. The instructions of one call are counted, with some users and with ten times as many. A
// list of recipients is copied, which takes next to none; nothing is delivered.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <jalon/endpoint.hpp>
#include <jalon/service.hpp>

#include "catch.hpp"
#include "support/instructions.hpp"
#include "support/milestones.hpp"

namespace {

using jalon::connection_id;

// The chat without a host: what it asks for is dropped.
class crowd {
 public:
  /// Called for each user of the crowd, when they have entered.
  using arrangement = std::function<void(crowd&, std::size_t number)>;

  // So many enter, then two more, for whom nothing is arranged.
  crowd(std::size_t count, const arrangement& arrange) : count_(count) {
    for (std::size_t number = 0; number < count + 2; ++number) {
      connect(number);
      ask(number, R"({"type":"nick","nick":")" + name(number) + "\"}");
      if (number < count) arrange(*this, number);
    }
  }

  void ask(std::size_t number, const std::string& line) {
    chat_.service().received(id_of(number), line, out_);
    out_.clear();
  }

  void disconnect(std::size_t number) {
    chat_.service().disconnected(id_of(number), jalon::departure::broken, out_);
    out_.clear();
  }

  std::size_t count() const { return count_; }

  // In the order of the numbers, also as text.
  static std::string name(std::size_t number) { return "u" + std::to_string(100'000 + number); }

 private:
  static connection_id id_of(std::size_t number) { return connection_id{number + 1}; }

  void connect(std::size_t number) {
    jalon::arrival how;
    how.peer = jalon::endpoint::loopback(50'000);
    chat_.service().connected(id_of(number), how, out_);
    out_.clear();
  }

  support::chat_of chat_{"files"};
  jalon::actions out_;
  std::size_t count_;
};

void join_room(crowd& chat, std::size_t number) {
  chat.ask(number, number == 0 ? R"({"type":"create","channel":"room"})"
                               : R"({"type":"join","channel":"room"})");
}

void create_channel(crowd& chat, std::size_t number) {
  chat.ask(number, R"({"type":"create","channel":")" + crowd::name(number) + "\"}");
}

void offer_twice(crowd& chat, std::size_t number) {
  for (int n = 0; number > 0 && n < 2; ++n)
    chat.ask(number, R"({"type":"file_offer","to":")" + crowd::name(number - 1) +
                         R"(","file":"f","size":1,"sha256":")" + std::string(64, '0') + "\"}");
}

// A list from the last but five of the crowd on.
std::string last_page(const std::string& fields, const crowd& chat) {
  return "{" + fields + R"(,"after":")" + crowd::name(chat.count() - 6) + "\"}";
}

// The instructions that @p act takes for one of the crowd, or for one of the two others.
using act = std::function<void(crowd&, std::size_t number)>;
std::optional<std::uint64_t> cost(std::size_t count, const crowd::arrangement& arrange,
                                  const act& does, bool outsider) {
  crowd chat(count, arrange);
  const std::size_t first = outsider ? count : count / 2;
  does(chat, first);  // now there is room for the recipients
  return support::instructions_of([&] { does(chat, first + 1); });
}

void check_growth(const crowd::arrangement& arrange, const act& does, bool outsider = false) {
  constexpr std::size_t few = 150;
  const auto with_few = cost(few, arrange, does, outsider);
  const auto with_many = cost(10 * few, arrange, does, outsider);
  if (!with_few || !with_many) {
    WARN("skipped: this system does not let a test count instructions");
    return;
  }
  INFO("instructions with " << few << " users: " << *with_few << ", with " << 10 * few << ": "
                            << *with_many);
  CHECK(*with_many < *with_few + *with_few / 4);  // maps are a little deeper
}

TEST_CASE("instructions are counted") {
  volatile int sum = 0;
  const auto add = [&](int times) {
    return [&, times] {
      for (int n = 0; n < times; ++n) sum = sum + n;
    };
  };
  const auto few = support::instructions_of(add(1'000));
  const auto many = support::instructions_of(add(2'000));
  if (!few || !many) {
    WARN("skipped: this system does not let a test count instructions");
    return;
  }
  CHECK(*few >= 3'000);
  CHECK(*many - *few >= 3'000);
  CHECK(*many < 3 * *few);
}

TEST_CASE("what a user does costs the rules no more if there are ten times as many users") {
  SECTION("leave the chat with open offers") {
    check_growth(offer_twice, [](crowd& chat, std::size_t who) { chat.disconnect(who); });
  }
  SECTION("leave the chat and a channel where all are") {
    check_growth(join_room, [](crowd& chat, std::size_t who) { chat.disconnect(who); });
  }
  SECTION("leave a channel where all are") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, R"({"type":"leave","channel":"room"})");
    });
  }
  SECTION("join a channel where all others are") {
    check_growth(
        join_room,
        [](crowd& chat, std::size_t who) { chat.ask(who, R"({"type":"join","channel":"room"})"); },
        true);
  }
  SECTION("change nick in a channel where all are") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, R"({"type":"nick","nick":"new)" + crowd::name(who) + "\"}");
    });
  }
  SECTION("say something to a channel where all are") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, R"({"type":"say","channel":"room","text":"hello"})");
    });
  }
  SECTION("say something to all") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, R"({"type":"msgall","text":"hello"})");
    });
  }
  SECTION("ask for the last page of all users") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, last_page(R"("type":"who")", chat));
    });
  }
  SECTION("ask for the last page of the members of a channel") {
    check_growth(join_room, [](crowd& chat, std::size_t who) {
      chat.ask(who, last_page(R"("type":"members","channel":"room")", chat));
    });
  }
  SECTION("ask for the last page of the channels") {
    check_growth(create_channel, [](crowd& chat, std::size_t who) {
      chat.ask(who, last_page(R"("type":"channels")", chat));
    });
  }
}

}  // namespace
