// What the loopback hides from a client: messages that are split, joined or malformed; a server
// that leaves, stalls or does not read.
#include <signal.h>

#include <algorithm>

#include "checks.hpp"

namespace check::client {

namespace {

using pieces = std::vector<std::string>;

pieces cut(const std::string& message, std::size_t at) {
  return {message.substr(0, at), message.substr(at)};
}

std::string text_of(stage& s, const std::string& word) {
  return s.server().bytes_of("text", {{"text", word}});
}

std::vector<std::string> words(stage& s, std::size_t number) {
  std::vector<std::string> all;
  while (all.size() < number) all.push_back(s.word());
  return all;
}

void byte_by_byte(stage& s) {
  const auto word = s.word();
  pieces bytes;
  for (const char c : text_of(s, word)) bytes.emplace_back(1, c);
  s.server().says_in_pieces(bytes);
  s.terminal().sees_once(word);
}

void cut_at_every_offset(stage& s) {
  const std::size_t size = text_of(s, s.word()).size();
  const std::size_t step = std::max<std::size_t>(1, size / 40);
  for (std::size_t at = 1; at < size; at += step) {
    const auto word = s.word();
    s.server().says_in_pieces(cut(text_of(s, word), at));
    s.terminal().sees(word);
  }
}

// A network may split a stream anywhere.
void cut_at_random(stage& s) {
  const auto all = words(s, 20);
  std::string bytes;
  for (const auto& word : all) bytes += text_of(s, word);
  s.server().inject_faults("random " + std::to_string(bytes.size() / 40 + 1));
  s.server().sends(bytes, "20 messages");
  s.terminal().sees_in_order(all);
}

// The two bytes of a UTF-8 character arrive separately.
void character_cut_in_two(stage& s) {
  const auto word = s.word() + "\xC3\xA9" + s.word();
  const auto message = text_of(s, word);
  s.server().says_in_pieces(cut(message, message.find('\xA9')));
  s.terminal().sees(word);
}

template <std::size_t number>
void joined_messages(stage& s) {
  const auto all = words(s, number);
  std::string bytes;
  for (const auto& word : all) bytes += text_of(s, word);
  s.server().sends(bytes, "together");
  s.terminal().sees_in_order(all);
}

void one_and_a_half(stage& s) {
  const auto first_word = s.word();
  const auto second_word = s.word();
  const auto second_message = text_of(s, second_word);
  const auto half = second_message.find(second_word) + second_word.size() / 2;
  s.server().says_in_pieces(
      {text_of(s, first_word) + second_message.substr(0, half), second_message.substr(half)});
  s.terminal().sees_in_order({first_word, second_word});
}

// The rest of a message is delayed. What is typed meanwhile is sent.
void stalls_in_mid_message(stage& s) {
  const auto begin = s.word();
  const auto end = s.word();
  const auto message = text_of(s, begin + end);
  const auto half = message.find(end);
  s.note("fact.pieces", {{"who", "server"}});
  s.server().sends(message.substr(0, half), "half of a message");
  s.run_until([&] { return s.has_handled_all_of(s.server()); });
  s.server().answers("echo", "");  // a stalled server does not answer
  const auto typed = s.word();
  s.terminal().types(typed);
  s.server().is_asked("echo", {{"text", typed}});
  s.server().sends(message.substr(half), "the other half");
  s.terminal().sees(end);
}

void long_text(stage& s) {
  const auto text = s.word() + std::string(900, 'x') + s.word();
  s.server().says("text", {{"text", text}});
  s.terminal().sees(text);
}

void hundred_typed(stage& s) {
  const auto all = words(s, 100);
  host& server = s.server();
  s.terminal().types_all(all);
  server.is_asked_in_order("echo", all);
}

// When the server does not read, the buffers to it fill up. A client that blocks in send shows
// nothing any more. When the server reads again, it must receive every line.
void server_does_not_read(stage& s) {
  constexpr std::size_t much = 3U << 20;
  host& server = s.server();
  server.stops_reading();
  const auto begins = words(s, 1000);
  std::vector<std::string> lines;
  lines.reserve(begins.size());
  for (const auto& word : begins) lines.push_back(word + std::string(much / begins.size(), 'x'));
  s.terminal().types_all(lines);
  s.run_for(std::chrono::milliseconds(200));
  s.note_if_full(server);
  const auto word = s.word();
  server.says("text", {{"text", word}});
  s.terminal().sees(word);
  server.reads_again();
  server.hears_in_order(begins);
}

void server_closes(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  s.terminal().mark();
  server.closes();
  s.terminal().sees_something();
  s.program_ends();
}

void server_resets(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  server.resets();
  s.program_ends();
}

void server_closes_mid_message(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  const auto message = text_of(s, s.word());
  server.sends(message.substr(0, message.size() / 2), "half of a message");
  server.closes();
  s.program_ends();
}

// Lines are typed after the server has reset the connection.
void types_after_a_reset(stage& s) {
  host& server = s.server();
  s.terminal().is_served();
  s.send_signal(SIGSTOP);  // so that it sees the reset and the lines at the same time
  server.resets();
  for (int turn = 0; turn < 3; ++turn) s.terminal().types(s.word());
  s.send_signal(SIGCONT);
  s.program_ends();
}

void idle(stage& s) {
  s.terminal().is_served();
  s.program_is_idle();
}

void interrupted(stage& s) {
  s.terminal().is_served();
  s.interrupt([&] { s.terminal().is_served(); });
  s.terminal().is_served();
}

// The server sends something that a correct server never sends. The client goes on.
void client_survives(stage& s, const std::string& what) {
  s.terminal().is_served();
  s.server().says(what, {{"text", s.word()}});
  s.terminal().is_served();
}
constexpr char unknown_type[] = "unknown_type", bad_json[] = "bad_json", nested[] = "nested",
               wrong_kind[] = "wrong_kind", no_type[] = "no_type", no_zero[] = "no_zero";
template <const char* what>
void client_survives(stage& s) {
  client_survives(s, what);
}

void unknown_field(stage& s) {
  const auto word = s.word();
  s.server().says("unknown_field", {{"text", word}});
  s.terminal().sees(word);
}

// Control characters must not reach the terminal unchanged, because it would execute them.
void control_characters(stage& s) {
  s.terminal().is_served();
  s.server().says("control", {{"text", s.word()}});
  s.terminal().never_sees("\x1b[31m", "due.no_control");
}

void not_utf8(stage& s) {
  s.terminal().is_served();
  auto message = text_of(s, "nonsense");
  message.replace(message.find("nonsense"), 2, "\xff\xfe");
  s.server().sends(message, "not UTF-8");
  s.terminal().is_served();
}

void empty_text(stage& s) {
  s.terminal().is_served();
  s.server().says("text", {{"text", ""}});
  s.terminal().is_served();
}

// After such a message the stream cannot be decoded. The client may exit, but must not crash.
void may_give_up(stage& s, const std::string& what) {
  s.terminal().is_served();
  s.server().says(what, {{"long", std::string(s.input_size(1'000'000), 'x')}});
  s.run_until([&] { return s.server().all_sent() && s.has_handled_all_of(s.server()); });
  s.program_may_end();
}
constexpr char negative_length[] = "negative_length", huge_length[] = "huge_length",
               too_long[] = "too_long";
template <const char* what>
void may_give_up(stage& s) {
  may_give_up(s, what);
}

void without_an_end(stage& s) {
  if (s.dialect().header_bytes() > 0) throw cannot_judge{{"why.header"}};
  s.terminal().is_served();
  const auto before = s.memory();
  constexpr std::size_t much = 8U << 20;
  s.server().sends(std::string(much, 'x'), "no end");
  s.run_until([&] { return s.server().all_sent() && s.has_read_all_of(s.server()); });
  s.program_still_runs();
  const auto grown = s.memory() > before ? s.memory() - before : 0;
  if (grown > much)
    throw failure{{"due.bounded"},
                  {"came.memory", {{"megabytes", std::to_string(s.memory() >> 20U)}}}};
}

}  // namespace

std::vector<check_case> wire_checks() {
  return {
      {"client_wire.bytewise", 1, "", byte_by_byte},
      {"client_wire.random_cuts", 1, "", cut_at_random},
      {"client_wire.every_cut", 1, "", cut_at_every_offset},
      {"client_wire.letter_cut", 1, "", character_cut_in_two},
      {"client_wire.two_in_one", 1, "", joined_messages<2>},
      {"client_wire.ten_in_one", 1, "", joined_messages<10>},
      {"client_wire.hundred", 1, "", joined_messages<100>},
      {"client_wire.one_and_a_half", 1, "", one_and_a_half},
      {"client_wire.stall", 1, "", stalls_in_mid_message, {"echo"}},
      {"client_wire.long", 1, "", long_text},
      {"client_wire.hundred_typed", 1, "", hundred_typed, {"echo"}},
      {"client_wire.server_full", 1, "", server_does_not_read, {"echo"}},
      {"client_wire.server_closes", 1, "", server_closes, {"echo"}},
      {"client_wire.server_cuts", 1, "", server_resets, {"echo"}},
      {"client_wire.closes_mid", 1, "", server_closes_mid_message, {"echo"}},
      {"client_wire.types_to_nobody", 1, "", types_after_a_reset, {"echo"}},
      {"client_wire.idle", 1, "", idle, {"echo"}},
      {"client_wire.interrupted", 1, "", interrupted, {"echo"}},
      {"client_wire.not_utf8", 1, "", not_utf8, {"echo"}},
      {"client_wire.endless", 1, "", without_an_end, {"echo"}},
      {"client_wire.empty_text", 2, "", empty_text, {"echo"}},
      {"client_wire.too_long",
       2,
       "",
       may_give_up<too_long>,
       {"echo"},
       nullptr,
       {150, 300, 550, 1100, 2100, 4200, 8300, 16500, 66000}},
      {"client_wire.negative_length", 2, "", may_give_up<negative_length>, {"echo"}},
      {"client_wire.huge_length", 2, "", may_give_up<huge_length>, {"echo"}},
      {"client_wire.unknown_type", 2, "", client_survives<unknown_type>, {"echo"}},
      {"client_wire.no_zero", 2, "", client_survives<no_zero>, {"echo"}},
      {"client_json.unknown_field", 2, "", unknown_field},
      {"client_json.bad_json", 2, "", client_survives<bad_json>, {"echo"}},
      {"client_json.nested", 2, "", client_survives<nested>, {"echo"}},
      {"client_json.wrong_kind", 2, "", client_survives<wrong_kind>, {"echo"}},
      {"client_json.no_type", 2, "", client_survives<no_type>, {"echo"}},
      {"client_json.control", 2, "", control_characters, {"echo"}},
  };
}

}  // namespace check::client
