// What a chat server says to whom it disconnects, and how its log names them.
#include "chat/run_chat.hpp"

#include <string>

#include "catch.hpp"
#include "support/memory_host.hpp"
#include "support/milestones.hpp"

using jalon::departure;

TEST_CASE("each reason to disconnect a client has an error of its own as the last line") {
  const auto starts = [](departure why, const std::string& code) {
    CHECK(chat::last_line(why).starts_with(R"({"type":"error","code":")" + code +
                                           R"(","message":")"));
  };
  starts(departure::not_reading, "not_reading");
  starts(departure::stalled, "read_timeout");
  starts(departure::unfinished_frame, "line_timeout");
  starts(departure::memory_limit, "memory_limit");
}

TEST_CASE("whoever leaves, or is closed by the chat, gets no such line") {
  CHECK(chat::last_line(departure::end_of_input).empty());
  CHECK(chat::last_line(departure::broken).empty());
  CHECK(chat::last_line(departure::asked).empty());
}

TEST_CASE("the log names a client by its nick, as soon as it has one") {
  support::chat_of chat{"users"};
  support::memory_host host{chat.service()};
  const auto id = host.connect(jalon::endpoint::loopback(52'322));
  CHECK(chat.service().describe(id).empty());
  host.send(id, R"({"type":"nick","nick":"ann"})"
                "\n");
  CHECK(chat.service().describe(id) == "ann");
  host.send(id, R"({"type":"nick","nick":"Bob"})"
                "\n");
  CHECK(chat.service().describe(id) == "Bob");
}
