// Any bytes as a line of JSON: nothing throws, and what reads as a message is written and read back
// as the same message.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/utf8.hpp>

#include "02-users/messages.hpp"
#include "03-channels/messages.hpp"
#include "04-files/messages.hpp"
#include "chat/session_messages.hpp"
#include "expect.hpp"

namespace {

// Reads the line as a message of this type. If it is one, what is written of it must read as it.
template <jalon::message M>
void check(jalon::json_object object, const jalon::message_id& id) {
  M message;
  if (jalon::read_message(object, message)) return;
  const std::string line = jalon::write_message(message, id);
  expect(line.find_first_of("\r\n") == line.npos, "one line", line);
  jalon::json_reader reader;
  const auto again = reader.read(line);
  expect(again.has_value(), "JSON", line);
  expect(jalon::read_head(*again).type == M::type, "its type", line);
  const auto same_id = jalon::read_head(*again).id;
  expect(same_id.has_value(), "its id", line);
  M same;
  expect(!jalon::read_message(*again, same), "a message that reads", line);
  expect(jalon::write_message(same, *same_id) == line, "the same message", line);
}

template <jalon::message... Ms>
void check_all(jalon::json_object object, const jalon::message_id& id) {
  (check<Ms>(object, id), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace chat;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  jalon::json_reader reader;
  const auto object = reader.read(line);
  if (!object) return 0;
  expect(jalon::is_utf8(line), "UTF-8, where JSON was found", line);
  const auto type = jalon::read_head(*object).type;
  expect(!type || jalon::is_utf8(*type), "a type in UTF-8", line);
  const auto id = jalon::read_head(*object).id;
  if (!id) return 0;
  check_all<hello, ok, error, nick, welcome, renamed, who, user_list, whois, user_info, msg,
            msg_event, msgall, msgall_event, echo, ping, pong, quit, bye>(*object, *id);
  check_all<create, join, joined, leave, left, channel_list_request, channel_list, members_request,
            member_list, say, say_event>(*object, *id);
  check_all<file_offer, file_offered, file_offer_event, file_accept, file_accept_event, file_reject,
            file_reject_event, file_cancel, file_cancel_event, file_send, file_ack>(*object, *id);
  return 0;
}
