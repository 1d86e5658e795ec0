// What the loopback hides: messages that are split, joined, truncated or malformed; clients that
// stall.
#include <algorithm>

#include "checks.hpp"

namespace check {

namespace {

using pieces = std::vector<std::string>;

constexpr std::size_t slow_reader_bytes =
    3U << 20;  // far more than the kernel buffers for a connection

// Of the texts of a flood: an overrun of the usual buffer of 1,024 bytes is another check's
// subject.
constexpr std::size_t usual_text = 600;

// Splits a message into two pieces at offset @p at.
pieces cut(const std::string& message, std::size_t at) {
  return {message.substr(0, at), message.substr(at)};
}

std::string echo_of(user& sender, const std::string& word) { return sender.speech(word); }

// The offset of the middle of the content, so that both pieces contain a part of it.
std::size_t middle_of_content(const std::string& message, const std::string& word) {
  const auto at = message.find(word);
  return at == message.npos ? message.size() / 2 : at + word.size() / 2;
}

void byte_by_byte(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  pieces bytes;
  for (const char c : echo_of(alice, word)) bytes.emplace_back(1, c);
  alice.sends_in_pieces(bytes, "echo");
  alice.hears_once(word);
}

void late_second_half(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  const auto message = echo_of(alice, word);
  alice.sends_in_pieces(cut(message, middle_of_content(message, word)), "echo");
  alice.hears(word);
}

void header_then_content(stage& s) {
  user& alice = s.sign_in("alice");
  const auto header = s.dialect().header_bytes();
  if (header == 0) throw cannot_judge{{"why.no_header"}};
  const auto word = s.word();
  alice.sends_in_pieces(cut(echo_of(alice, word), header), "echo");
  alice.hears(word);
}

void cut_at_every_offset(stage& s) {
  user& alice = s.sign_in("alice");
  const std::size_t size = echo_of(alice, s.word()).size();
  // A long message is cut at about 40 offsets only, to save time.
  const std::size_t step = std::max<std::size_t>(1, size / s.affordable(40, 2));
  for (std::size_t at = 1; at < size; at += step) {
    const auto word = s.word();
    alice.sends_in_pieces(cut(echo_of(alice, word), at), "echo");
    alice.hears(word);
  }
}

std::string many_echoes(stage& s, user& sender, std::size_t number, pieces& words) {
  std::string messages;
  for (std::size_t n = 0; n < number; ++n) {
    words.push_back(s.word());
    messages += echo_of(sender, words.back());
  }
  return messages;
}

void two_in_one(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  alice.sends(many_echoes(s, alice, 2, words), "2 echoes");
  alice.hears_in_order(words);
}

void ten_in_one(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  alice.sends(many_echoes(s, alice, 10, words), "10 echoes");
  alice.hears_in_order(words);
}

// The fault that splits @p bytes into about 80 pieces of random size.
std::string random_cuts(std::size_t bytes) { return "random " + std::to_string(bytes / 40 + 1); }

void cut_at_random(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  const auto messages = many_echoes(s, alice, 20, words);
  alice.inject_faults(random_cuts(messages.size()));
  alice.sends(messages, "20 echoes");
  alice.hears_in_order(words);
}

void chat_cut_at_random(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  pieces of_alice, of_bob;
  std::string from_alice, from_bob;
  for (int n = 0; n < 10; ++n) {
    for (auto* words : {&of_alice, &of_bob}) words->push_back(s.word());
    from_alice += alice.bytes_of("msg", {{"nick", bob.nick()}, {"text", of_alice.back()}});
    from_bob += bob.bytes_of("msg", {{"nick", alice.nick()}, {"text", of_bob.back()}});
  }
  alice.inject_faults(random_cuts(from_alice.size()));
  bob.inject_faults(random_cuts(from_bob.size()));
  alice.sends(from_alice, "10 messages");
  bob.sends(from_bob, "10 messages");
  alice.hears_in_order(of_bob);
  bob.hears_in_order(of_alice);
}

void one_and_a_half(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  const auto messages = many_echoes(s, alice, 2, words);
  alice.sends_in_pieces(cut(messages, middle_of_content(messages, words[1])), "2 echoes");
  try {
    alice.hears_in_order(words);
  } catch (const failure&) {
    const auto first = alice.heard().find(words[0]);
    const auto half = words[1].substr(0, words[1].size() / 2);
    if (first != std::string_view::npos &&
        alice.heard().find(half, first + words[0].size()) != std::string_view::npos)
      s.note("fact.early_answer", {{"who", "alice"}});
    throw;
  }
}

void hundred_in_a_row(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  const std::size_t number = s.input_size(100);
  alice.sends(many_echoes(s, alice, number, words), std::to_string(number) + " echoes");
  alice.hears_in_order(words);
}

// Together they are longer than the buffers of most programs.
void hundred_long_ones(stage& s) {
  user& alice = s.sign_in("alice");
  pieces words;
  std::string messages;
  while (words.size() < 100) {
    words.push_back(s.word());
    messages += echo_of(alice, words.back() + std::string(700, 'x'));
  }
  alice.sends(messages, "100 long messages");
  alice.hears_in_order(words);
}

void half_close(stage& s) {
  user& alice = s.sign_in("alice");
  if (!s.dialect().has_flag("ends_in_order"))
    throw cannot_judge{{"why.not_promised", {{"property", "ends_in_order"}}}};
  pieces words;
  alice.sends(many_echoes(s, alice, 3, words), "3 echoes");
  alice.half_closes();
  alice.hears_in_order(words);
  alice.is_disconnected();
}

void last_line(stage& s) {
  user& alice = s.sign_in("alice");
  if (!s.dialect().has_flag("last_line"))
    throw cannot_judge{{"why.not_promised", {{"property", "last_line"}}}};
  const auto word = s.word();
  auto message = echo_of(alice, word);
  message.pop_back();
  alice.sends(message, "echo");
  alice.half_closes();
  alice.hears(word);
}

// ---- clients that go away, or stall ----

// While the client does not read, the server's writes are partial. Later, nothing may be missing.
void reads_late(stage& s) {
  user& alice = s.sign_in("alice");
  std::vector<std::string> words;
  std::string messages;
  while (words.size() < 300) {
    words.push_back(s.word());
    messages += echo_of(alice, words.back() + std::string(1000, 'x'));
  }
  alice.stops_reading();
  alice.sends(messages, "300 messages");
  s.run_until([&] { return alice.all_sent() && s.has_handled_all_of(alice); },
              std::chrono::milliseconds(500));
  s.note_if_full(alice);
  alice.reads_again();
  s.run_until([&] { return alice.is_gone(); }, std::chrono::milliseconds(50));
  if (alice.is_gone()) throw cannot_judge{{"why.let_go"}};
  alice.hears_in_order(words);
}

void closes_in_mid_message(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.sends_half_a_message();
  alice.closes();
  s.others_are_served(bob);
}

void closes_in_mid_content(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.sends_half_a_content();
  alice.closes();
  s.others_are_served(bob);
}

void resets_in_mid_message(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.sends_half_a_message();
  alice.resets();
  s.others_are_served(bob);
}

void resets_while_idle(stage& s) {
  user& bob = s.sign_in("bob");
  s.sign_in("alice").resets();
  s.others_are_served(bob);
}

// The program is stopped meanwhile, so that it finds the requests and the reset at the same time.
void resets_before_the_answer(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  pieces words;
  const auto messages = many_echoes(s, alice, 50, words);
  s.send_signal(SIGSTOP);
  alice.sends(messages, "50 echoes");
  alice.resets();
  s.send_signal(SIGCONT);
  s.others_are_served(bob);
}

// The client closes while answers are pending: the first answer provokes a reset, and the next is
// written to a closed connection (SIGPIPE). The program is stopped until everything has arrived.
void closes_before_the_answer(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  std::string messages;
  for (int n = 0; n < 50; ++n) messages += echo_of(alice, s.word() + std::string(300, 'x'));
  s.send_signal(SIGSTOP);
  alice.sends(messages, "50 echoes");
  alice.closes();
  s.send_signal(SIGCONT);
  s.others_are_served(bob);
}

void several_close_at_once(stage& s) {
  const auto crowd = s.sign_in_users(6);
  s.send_signal(SIGSTOP);
  for (const std::size_t n : {0U, 1U, 3U}) crowd[n]->closes();
  const auto word = s.word();
  crowd[5]->speaks(word);
  s.send_signal(SIGCONT);
  crowd[5]->hears(word);
  crowd[2]->is_served();
  s.others_are_served(*crowd[4]);
}

void stalls_in_mid_message(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.sends_half_a_message();
  s.run_until([&] { return s.has_read_all_of(alice); }, std::chrono::milliseconds(200));
  s.others_are_served(bob);
}

void stalls_in_mid_content(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.sends_half_a_content();
  s.run_until([&] { return s.has_read_all_of(alice); }, std::chrono::milliseconds(200));
  s.others_are_served(bob);
}

void says_nothing(stage& s) {
  user& bob = s.sign_in("bob");
  s.connect("alice");
  s.others_are_served(bob);
}

void stall_ends_well(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  const auto message = echo_of(alice, word);
  alice.sends(message.substr(0, message.size() / 2), "half of an echo");
  bob.is_served();
  alice.sends(message.substr(message.size() / 2), "the rest of it");
  alice.hears(word);
}

void never_reads(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.stops_reading();
  const std::string part = echo_of(alice, s.word() + std::string(usual_text, 'x'));
  std::string flood;
  while (flood.size() < slow_reader_bytes) flood += part;
  alice.sends(flood, "a flood of echoes");
  // Continue until the program has stopped reading, or has read everything.
  std::uint64_t before = 0;
  for (int quiet = 0; quiet < 20 && !alice.all_sent();
       quiet = alice.sent_bytes() == before ? quiet + 1 : 0) {
    before = alice.sent_bytes();
    s.run_for(std::chrono::milliseconds(20));
  }
  s.others_are_served(bob);
}

// ---- what a correct client never sends ----

// Sends it, and waits until the program has read it, or has ended the connection.
void attack(stage& s, user& mallory, const std::string& name, const tools::arguments& values = {}) {
  mallory.attacks(name, values);
  s.run_until([&] { return mallory.is_gone() || s.has_read_all_of(mallory); });
}

template <const char* Name>
void survives_attack(stage& s) {
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  attack(s, mallory, Name);
  if (s.dialect().refusal(Name).empty() || mallory.is_gone()) return s.others_are_served(bob);
  mallory.gets_answer(Name);
  mallory.is_served();
  s.others_are_served(bob);
}

// A wrong length may leave a loop that never ends, also after its client has left.
template <const char* Name>
void survives_length(stage& s) {
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  attack(s, mallory, Name);
  s.others_are_served(bob);
  mallory.closes();
  s.others_are_served(bob);
  s.program_is_idle();
}

// A server that dies when it is asked for somebody who is not there dies of that.
void name_without_zero(stage& s) {
  user& bob = s.sign_in("bob");
  if (s.dialect().knows("whois")) {
    bob.asks("whois", {{"nick", s.word()}});
    s.others_are_served(bob);
  }
  user& mallory = s.sign_in("mallory");
  attack(s, mallory, "no_zero");
  s.others_are_served(bob);
}

// The length is varied, because a buffer may be too small by a few bytes or by a million.
void too_long_a_message(stage& s) {
  constexpr std::size_t usual = 1'000'000;
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  const std::size_t length = s.input_size(usual);
  attack(s, mallory, "too_long", {{"long", std::string(length, 'x')}});
  if (length == usual && !s.dialect().refusal("too_long").empty() && !mallory.is_gone()) {
    mallory.gets_answer("too_long");
    mallory.is_served();
  }
  s.others_are_served(bob);
}

constexpr char empty[] = "empty";
constexpr char not_utf8[] = "not_utf8";
constexpr char zero_bytes[] = "zero_bytes";
constexpr char negative_length[] = "negative_length";
constexpr char least_length[] = "least_length";
constexpr char greatest_length[] = "greatest_length";
constexpr char huge_length[] = "huge_length";
constexpr char no_zero_anywhere[] = "no_zero_anywhere";
constexpr char unknown_type[] = "unknown_type";
constexpr char negative_type[] = "negative_type";
constexpr char no_type[] = "no_type";
constexpr char trailing_comma[] = "trailing_comma";
constexpr char wrong_kind[] = "wrong_kind";
constexpr char bad_json[] = "bad_json";
constexpr char nested[] = "nested";
constexpr char control_in_text[] = "control_in_text";
constexpr char text_too_long[] = "text_too_long";

// Who sent what the program can't take may be cut off. Who is not is served: at the second request
// at the latest, if the first was taken for the end of what came before.
void is_gone_or_served(stage& s, user& sender) {
  if (!sender.is_gone()) sender.is_served_within(s.options().patience);
  if (!sender.is_gone()) sender.is_served();
}

// A length one larger than a usual buffer, with as many bytes. A program may end such a connection.
void over_the_buffer(stage& s) {
  constexpr std::size_t least = 128, most = 65536;
  user& bob = s.sign_in("bob");
  for (std::size_t size = least; size <= most; size *= 2) {
    user& alice = s.sign_in("alice");
    const auto header = s.dialect().header_bytes();
    const auto text = s.word() + std::string(size, 'x');
    alice.sends(header == 0 ? echo_of(alice, text.substr(0, size - 20))
                            : echo_of(alice, text.substr(0, size + 1)),
                "a long message");
    s.comes_to_rest(alice);
    bob.is_served();
    is_gone_or_served(s, alice);
    alice.closes();
  }
  s.others_are_served(bob);
}

// The content of a message of an unknown type is no message of its own.
void unknown_type_with_content(stage& s) {
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  mallory.attacks("unknown_type_content");
  mallory.lets_answers_come();
  is_gone_or_served(s, mallory);
  s.others_are_served(bob);
}

// A message without an end. The server's memory must stay bounded.
void without_an_end(stage& s) {
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  for (int turn = 0; turn < 20 && !mallory.is_gone(); ++turn) {
    mallory.attacks("endless");
    s.run_until([&] { return mallory.all_sent() || mallory.is_gone(); },
                std::chrono::milliseconds(300));
  }
  s.others_are_served(bob);
  const auto used = s.memory();
  if (used > 64U << 20)
    throw failure{{"due.bounded"}, {"came.memory", {{"megabytes", std::to_string(used >> 20U)}}}};
}

void empty_text(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  alice.speaks("");
  alice.is_served();
  s.others_are_served(bob);
}

// Well-formed messages in random order.
void random_messages(stage& s) {
  user& bob = s.sign_in("bob");
  user& alice = s.sign_in("alice");
  const pieces requests{"nick", "who",   "whois",    "msg", "msgall", "create",
                        "join", "leave", "channels", "say", "echo"};
  const pieces names{alice.nick(), bob.nick(), s.word(), s.word()};
  const std::size_t turns = s.input_size(s.affordable(200));
  std::size_t asked = 0;
  for (std::size_t turn = 0; turn < turns; ++turn) {
    const auto& request = requests[s.random_below(requests.size())];
    if (!s.dialect().knows(request)) continue;
    const auto& name = names[s.random_below(names.size())];
    alice.asks(request,
               {{"nick", name}, {"channel", names[2 + s.random_below(2)]}, {"text", s.word()}});
    ++asked;
  }
  if (asked < turns / 2) throw cannot_judge{{"why.no_request", {{"request", "nick"}}}};
  s.others_are_served(bob);
}

// ---- the contract of JSON lines ----

void greets(stage& s) {
  user& alice = s.connect("alice");
  if (!s.dialect().has_flag("greets"))
    throw cannot_judge{{"why.not_promised", {{"property", "greets"}}}};
  alice.hears(R"("hello")");
}

void answers_by_id(stage& s) {
  user& alice = s.sign_in("alice");
  const auto id = s.word();
  alice.attacks("with_id", {{"word", id}, {"text", s.word()}});
  alice.hears(id);
  const auto second = s.word();
  alice.attacks("ok_with_id", {{"word", second}, {"nick", alice.nick()}, {"text", s.word()}});
  alice.hears(second);
}

void ignores_unknown_fields(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  alice.attacks("unknown_field", {{"text", word}});
  alice.hears(word);
}

// The same object may be written in many ways, and every way means the same.
template <const char* Name>
void understands(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  alice.attacks(Name, {{"text", word}});
  alice.hears(word);
  alice.is_served();
}

constexpr char blanks[] = "blanks";
constexpr char other_order[] = "other_order";
constexpr char escaped_letters[] = "escaped_letters";
constexpr char nested_type[] = "nested_type";
constexpr char type_in_text[] = "type_in_text";

void answers_by_number(stage& s) {
  user& alice = s.sign_in("alice");
  const auto id = std::to_string(100000000 + s.random_below(900000000));
  alice.attacks("number_id", {{"number", id}, {"text", s.word()}});
  alice.hears(id);
  const bool is_text = alice.heard().find('"' + id + '"') != std::string_view::npos;
  if (is_text) alice.hears("\"id\":" + id);
}

void takes_carriage_returns(stage& s) {
  user& alice = s.sign_in("alice");
  const auto word = s.word();
  alice.attacks("carriage_return", {{"text", word}});
  alice.hears(word);
}

}  // namespace

std::vector<check_case> wire_checks() {
  return {
      {"wire.two_in_one", 1, "", two_in_one},
      {"wire.late_half", 1, "", late_second_half},
      {"wire.header_apart", 1, "", header_then_content},
      {"wire.bytewise", 1, "", byte_by_byte},
      {"wire.every_cut", 1, "", cut_at_every_offset},
      {"wire.random_cuts", 1, "", cut_at_random},
      {"wire.chat_in_pieces", 2, "", chat_cut_at_random, {"msg"}},
      {"wire.one_and_a_half", 1, "", one_and_a_half},
      {"wire.ten_in_one", 1, "", ten_in_one},
      {"wire.hundred", 1, "", hundred_in_a_row, {}, nullptr, {2, 3, 5, 10, 20, 50}},
      {"wire.hundred_long", 1, "", hundred_long_ones},
      {"wire.half_close", 1, "", half_close},
      {"wire.last_line", 1, "", last_line},
      {"wire.stall", 1, "", stalls_in_mid_message},
      {"wire.stall_content", 1, "", stalls_in_mid_content},
      {"wire.silent", 1, "", says_nothing},
      {"wire.stall_ends", 1, "", stall_ends_well},
      {"wire.never_reads", 1, "", never_reads},
      {"wire.reads_late", 1, "", reads_late},
      {"wire.close_mid", 1, "", closes_in_mid_message},
      {"wire.close_content", 1, "", closes_in_mid_content},
      {"wire.reset_mid", 1, "", resets_in_mid_message},
      {"wire.reset_idle", 1, "", resets_while_idle},
      {"wire.reset_unanswered", 1, "", resets_before_the_answer},
      {"wire.vanish", 1, "", closes_before_the_answer},
      {"wire.leave_together", 1, "", several_close_at_once},
      {"wire.too_long",
       1,
       "",
       too_long_a_message,
       {},
       nullptr,
       {150, 300, 550, 1100, 2100, 4200, 8300, 16500, 66000}},
      {"wire.over_buffer", 1, "", over_the_buffer},
      {"wire.endless", 1, "", without_an_end},
      {"wire.empty", 1, "", survives_attack<empty>},
      {"wire.empty_text", 1, "", empty_text},
      {"wire.not_utf8", 1, "", survives_attack<not_utf8>},
      {"wire.zero_bytes", 1, "", survives_attack<zero_bytes>},
      {"wire.negative_length", 1, "", survives_length<negative_length>},
      {"wire.least_length", 1, "", survives_length<least_length>},
      {"wire.greatest_length", 1, "", survives_length<greatest_length>},
      {"wire.huge_length", 1, "", survives_attack<huge_length>},
      {"wire.no_zero", 1, "", name_without_zero},
      {"wire.no_zero_anywhere", 1, "", survives_attack<no_zero_anywhere>},
      {"wire.unknown_type", 1, "", survives_attack<unknown_type>},
      {"wire.unknown_content", 1, "", unknown_type_with_content},
      {"wire.negative_type", 1, "", survives_attack<negative_type>},
      {"wire.random", 2, "", random_messages, {}, nullptr, {1, 2, 5, 10, 20, 50, 100}},
      {"json.hello", 2, "", greets},
      {"json.id", 2, "", answers_by_id},
      {"json.unknown_field", 2, "", ignores_unknown_fields},
      {"json.number_id", 2, "", answers_by_number},
      {"json.blanks", 2, "", understands<blanks>},
      {"json.order", 2, "", understands<other_order>},
      {"json.escapes", 2, "", understands<escaped_letters>},
      {"json.nested_type", 2, "", understands<nested_type>},
      {"json.type_in_text", 2, "", understands<type_in_text>},
      {"json.carriage_return", 2, "", takes_carriage_returns},
      {"json.no_type", 2, "", survives_attack<no_type>},
      {"json.wrong_kind", 2, "", survives_attack<wrong_kind>},
      {"json.trailing_comma", 2, "", survives_attack<trailing_comma>},
      {"json.bad_json", 2, "", survives_attack<bad_json>},
      {"json.nested", 2, "", survives_attack<nested>},
      {"json.control", 2, "", survives_attack<control_in_text>},
      {"json.text_too_long", 2, "", survives_attack<text_too_long>},
  };
}

}  // namespace check
