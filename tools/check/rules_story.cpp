// Rules about what the wire showed, what the program is doing, and what was not received.
#include <signal.h>

#include <algorithm>

#include "rules.hpp"

namespace check {

namespace {

// The cause of a fact that the wire showed.
rule shown_by(const char* cause, const char* fact) {
  return {cause, [fact](const symptoms& s) { return s.fact(fact); }};
}

// The same for what a check noted of a failure that has another cause if the program is stuck.
rule shown_by_working(const char* cause, const char* fact) {
  return {cause, [fact](const symptoms& s) {
            return s.fact(fact) && !s.uses_processor() && !s.blocked_in_read() &&
                   !s.blocked_in_send();
          }};
}

// A text came changed, at the place that the fact names.
std::vector<rule> rules_about_texts() {
  return {
      shown_by("cut_at_zero", "fact.cut_at_zero"),
      shown_by("used_as_format", "fact.cut_at_percent"),
      shown_by("cut_at_quote", "fact.cut_at_quote"),
      shown_by("cut_at_blank", "fact.cut_at_blank"),
      shown_by("letters_changed", "fact.cut_at_letter"),
      shown_by("cut_at_size", "fact.cut_at_size"),
      shown_by("port_swapped", "fact.port_swapped"),
      shown_by("wrong_entry", "fact.port_of"),
      shown_by("list_cut", "fact.list_cut"),
      shown_by("piece_taken_for_message", "fact.early_answer"),
      {"last_line_dropped",
       [](const symptoms& s) {
         const auto* const sent = s.story.request_with(s.word());
         const auto& all = s.story.requests();
         const bool has_lines =
             std::any_of(all.begin(), all.end(), [&](const sent_request& request) {
               return request.who == s.about.who && request.bytes.ends_with('\n');
             });
         const bool half_closed = s.find_connection([&](const auto& connection) {
           return connection.who == s.about.who && connection.half_closed;
         }) != nullptr;
         return s.expects_text() && sent != nullptr && has_lines && half_closed &&
                !sent->bytes.ends_with('\n');
       }},
  };
}

// The name was asked for earlier; a header may name it as the sender's when the next is asked for.
bool has_asked_again(const symptoms& s) {
  const auto* const asked = s.accepted();
  const auto* const last = s.story.last_of(asked->who, asked->kind());
  const auto& all = s.story.requests();
  return std::any_of(all.begin(), all.end(), [&](const sent_request& request) {
    return &request != last && request.who == asked->who && request.kind() == asked->kind() &&
           request.bytes.find(s.word()) != std::string::npos;
  });
}

bool is_outsider(const symptoms& s) {
  const auto* const said = s.accepted();
  return s.story.last_of(said->who, "create") == nullptr &&
         s.story.last_of(said->who, "join") == nullptr;
}

// The receiver was in the channel, and has left it or gone to another.
bool has_left_channel(const symptoms& s) {
  const auto& all = s.story.requests();
  const bool was_in = std::any_of(all.begin(), all.end(), [&](const sent_request& request) {
    return request.who == s.about.who && (request.kind() == "create" || request.kind() == "join") &&
           !story_view::common_word(request, *s.accepted()).empty();
  });
  const auto entered_another = [&](const char* how) {
    const auto* const last = s.story.last_of(s.about.who, how);
    return last != nullptr && story_view::common_word(*last, *s.accepted()).empty();
  };
  return was_in && (s.story.last_of(s.about.who, "leave") != nullptr || entered_another("join") ||
                    entered_another("create"));
}

// Others have nicks, and whoever asked has none.
bool asked_without_nick(const symptoms& s) {
  const auto& all = s.story.requests();
  const bool has_nicks = std::any_of(
      all.begin(), all.end(), [](const sent_request& request) { return request.kind() == "nick"; });
  return has_nicks && s.accepted_is({"msg", "msgall", "say", "create"}) &&
         s.story.last_of(s.accepted()->who, "nick") == nullptr;
}

// Whoever waits for an answer got a piece of what another client has begun to send.
bool has_got_half_of_anothers(const symptoms& s) {
  if (s.grades_client()) return false;  // it has one connection
  const auto& all = s.story.requests();
  return std::any_of(all.begin(), all.end(), [&](const sent_request& request) {
    if (request.who == s.about.who || !request.kind().starts_with("half of")) return false;
    const auto words = story_view::words_of(request);
    return std::any_of(words.begin(), words.end(), [&](const auto& word) {
      return s.story.has_heard(s.about.who, word, request.first);
    });
  });
}

// What had to be refused was accepted, or reached somebody it was not for.
std::vector<rule> rules_about_acceptance() {
  return {
      {"buffer_shared", has_got_half_of_anothers},
      shown_by_working("compares_prefix", "fact.prefix"),
      shown_by_working("reaches_some", "fact.reached_some"),
      shown_by_working("stale_bytes", "fact.stale"),
      shown_by_working("stops_at_gap", "fact.gap"),
      shown_by_working("refused_and_done", "fact.refused_before"),
      shown_by_working("leaves_any_channel", "fact.left_other"),
      shown_by_working("counted_twice", "fact.joined_twice"),
      shown_by_working("rename_missed", "fact.renamed"),
      shown_by_working("long_nick_cut", "fact.long_nick"),
      shown_by_working("state_stays", "fact.newcomer"),
      {"told_the_sender",
       [](const symptoms& s) {
         return s.fact("fact.own_word") && s.accepted_is({"msg", "msgall", "say", "echo"});
       }},
      {"name_given_twice",
       [](const symptoms& s) {
         const auto other = s.misdelivered_to();
         return (s.accepted() != nullptr && s.name_twice(s.about.who)) ||
                (!other.empty() && (s.name_twice(other) || s.name_twice(s.about.who)));
       }},
      {"old_name_stays",
       [](const symptoms& s) { return s.accepted_is({"nick"}) && has_asked_again(s); }},
      {"accepted_without_nick", asked_without_nick},
      {"bad_name_accepted",
       [](const symptoms& s) {
         return s.accepted_is({"nick", "create"});
       }},
      {"join_creates", [](const symptoms& s) { return s.accepted_is({"join"}); }},
      {"outsider_accepted",
       [](const symptoms& s) { return s.accepted_is({"say"}) && is_outsider(s); }},
      {"member_not_removed",
       [](const symptoms& s) { return s.accepted_is({"say"}) && has_left_channel(s); }},
      {"bad_message_accepted",
       [](const symptoms& s) { return s.accepted() != nullptr && !s.code().empty(); }},
      {"other_refusal", [](const symptoms& s) { return !s.code().empty() && s.answered(); }},
      {"told_too_many", [](const symptoms& s) { return s.expected_is("due.never_hears"); }},
      {"misdelivered_overrun",
       [](const symptoms& s) { return !s.misdelivered_to().empty() && s.name_overran(); }},
      {"misdelivered", [](const symptoms& s) { return !s.misdelivered_to().empty(); }},
      {"name_overran",
       [](const symptoms& s) {
         return s.name_overran() && s.code().empty() && !s.blocked_in_read();
       }},
  };
}

bool has_ended_for_nothing(const symptoms& s) {
  return s.find_connection([](const auto& connection) {
    return connection.ended && !connection.half_closed;
  }) != nullptr &&
         (s.about.expected.id.starts_with("due.hears") || s.expected_is("due.served") ||
          s.expected_is("due.told") || s.about.expected.id.starts_with("due.shows") ||
          s.expected_is("due.asked"));
}

// The text arrived, and the name that should be with it did not.
bool lacks_sender(const symptoms& s) {
  const auto* const sent = s.story.last_of(s.about.who, "nick");
  const auto& all = s.story.requests();
  if (all.empty() || sent == nullptr || !s.expected_is("due.hears") || !s.answered()) return false;
  const auto& last = all.back();
  const auto* const named = s.story.last_of(last.who, "nick");
  if (last.kind() != "msg" || named == nullptr || named->bytes.find(s.word()) == std::string::npos)
    return false;
  const auto words = story_view::words_of(last);
  return std::any_of(words.begin(), words.end(), [&](const auto& text) {
    return text != s.word() && s.story.has_heard(s.about.who, text, last.first);
  });
}

// The server speaks first, and has not.
bool lacks_greeting(const symptoms& s) {
  return s.expected_is("due.hears") && !s.grades_client() && !s.answered() &&
         s.story.last_of(s.about.who) == nullptr;
}

// A server's user was due a text that is no refusal's code, and something else came.
bool got_another_text(const symptoms& s) {
  return s.expected_is("due.hears") && s.code().empty() && !s.grades_client() && s.answered();
}

// Whoever asked got an error, though nothing was wrong with the request.
bool is_refused_wrongly(const symptoms& s) {
  const auto came = s.about.actual.values.find("bytes");
  return got_another_text(s) && came != s.about.actual.values.end() &&
         came->second.find("\"error\"") != std::string::npos;
}

// Something came after the last request to whoever waits, and what was due is not in it.
bool is_answered_otherwise(const symptoms& s) {
  const auto* const last = s.story.last_request();
  return got_another_text(s) && last != nullptr && s.story.has_heard(s.about.who, "", last->first);
}

bool is_question(const sent_request* request) {
  return request != nullptr &&
         (request->kind() == "who" || request->kind() == "whois" || request->kind() == "channels");
}

// What was received, and how it was read and written.
std::vector<rule> rules_about_the_stream() {
  return {
      {"waits_without_pollout",
       [](const symptoms& s) {
         return s.fact("fact.way_was_full") && s.about.who != "server" &&
                (s.fact("fact.held_back") || (s.blocked_in_poll() && s.unread() != nullptr));
       }},
      {"stdio_keeps_lines",
       [](const symptoms& s) { return s.fact("fact.held_back") && s.about.who == "server"; }},
      shown_by("held_back", "fact.held_back"),
      {"write_not_whole",
       [](const symptoms& s) {
         return s.expected_is("due.hears_all") &&
                (s.fact("fact.way_was_full") || (s.fact("fact.answer_cut") && !s.grades_client()));
       }},
      shown_by("read_taken_for_message", "fact.first_only"),
  };
}

std::vector<rule> rules_about_loose_ends() {
  return {
      {"gone_unnoticed",
       [](const symptoms& s) { return s.expected_is("due.ends") && s.server_has_gone(); }},
      {"stays", [](const symptoms& s) { return s.expected_is("due.ends"); }},
      {"end_unnoticed", [](const symptoms& s) { return s.expected_is("due.let_go"); }},
      {"told_twice",
       [](const symptoms& s) {
         return (s.expected_is("due.hears_once") || s.expected_is("due.shows_once")) &&
                s.about.event.has_value();
       }},
      {"leave_incomplete",
       [](const symptoms& s) {
         return s.expected_is("due.channel_gone") && s.departed_client() == nullptr;
       }},
      {"state_stays",
       [](const symptoms& s) {
         return s.expected_is("due.freed") || s.expected_is("due.not_listed") ||
                s.expected_is("due.channel_gone");
       }},
      {"changed_bytes", [](const symptoms& s) { return s.expected_is("due.gets"); }},
  };
}

// Whoever sent whole messages is cut off, or gets nonsense, while another's is not complete.
bool suffers_from_a_half_message(const symptoms& s) {
  const auto* const pending = s.find_connection([&](const connection_evidence& connection) {
    return connection.who != s.about.who && connection.half_sent && !connection.closed &&
           !connection.reset;
  });
  return pending != nullptr && !s.grades_client() && s.expected_is("due.served") &&
         (has_ended_for_nothing(s) || s.answered());
}

std::vector<rule> guesses() {
  return {
      {"empty_taken_for_end",
       [](const symptoms& s) {
         const auto* const last = s.story.last_request();
         return has_ended_for_nothing(s) && last != nullptr &&
                (last->is_special(without_text) || last->kind() == "empty");
       }},
      {"short_header",
       [](const symptoms& s) { return s.fact("fact.header_cut") && s.about.who != "server"; }},
      {"content_left",
       [](const symptoms& s) {
         return s.expected_is("due.served") &&
                s.story.last_of(s.about.who, "unknown_type_content") != nullptr;
       }},
      {"rest_left",
       [](const symptoms& s) {
         return s.expected_is("due.served") &&
                s.story.last_of(s.about.who, "a long message") != nullptr;
       }},
      {"buffer_shared", suffers_from_a_half_message},
      {"cut_off", has_ended_for_nothing},
      {"deaf_listener",
       [](const symptoms& s) { return s.seen.not_accepted > 0 || s.expected_is("due.connects"); }},
      {"silent_when_full", [](const symptoms& s) { return s.expected_is("due.not_silent"); }},
      {"places_not_freed",
       [](const symptoms& s) {
         constexpr std::size_t places = 10;
         return (s.expected_is("due.served") || s.expected_is("due.told")) &&
                s.story.connected() > places &&
                s.story.still_connected() * 2 < s.story.connected() &&
                s.story.newcomer() == s.about.who;
       }},
      {"deaf_to_one",
       [](const symptoms& s) {
         return s.find_connection([](const auto& connection) {
           return connection.unread > 0 && connection.held && connection.reads;
         }) != nullptr &&
                s.blocked_in_poll();
       }},
      shown_by("lost_after_pieces", "fact.pieces"),
      {"sender_missing", lacks_sender},
      {"answer_incomplete",
       [](const symptoms& s) {
         return s.expected_is("due.hears") && s.answered() &&
                is_question(s.story.last_of(s.about.who));
       }},
      {"refusal_missing",
       [](const symptoms& s) {
         return s.expected_is("due.told") || s.expected_is("due.user_told") || !s.code().empty();
       }},
      {"no_greeting", lacks_greeting},
      {"refused_wrongly", is_refused_wrongly},
      {"answered_otherwise", is_answered_otherwise},
      {"no_answer", [](const symptoms& s) { return s.blocked_in_poll(); }},
      {"unsure", [](const symptoms&) { return true; }},
  };
}

template <class... Parts>
std::vector<rule> joined(Parts... parts) {
  std::vector<rule> all;
  for (const auto& part : {parts...}) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace

std::vector<rule> rules_about_facts() {
  const std::vector<rule> others{
      shown_by("creator_outside", "fact.creator_outside"),
      {"backlog",
       [](const symptoms& s) {
         return !s.seen.ended && s.fact("fact.backlog_full") && s.seen.not_accepted == 0;
       }},
      {"cut_on_interrupt",
       [](const symptoms& s) {
         return !s.seen.ended && s.seen.signal_sent != 0 && s.actual_is("came.end");
       }},
      {"forged", [](const symptoms& s) { return s.actual_is("came.forged"); }},
      {"more_threads", [](const symptoms& s) { return s.actual_is("came.threads"); }},
      {"descriptors_leak", [](const symptoms& s) { return s.expected_is("due.descriptors"); }},
      {"memory_leak",
       [](const symptoms& s) {
         return s.expected_is("due.memory") || s.expected_is("due.bounded");
       }},
      {"obeys_control", [](const symptoms& s) { return s.expected_is("due.no_control"); }},
      {"path_trusted", [](const symptoms& s) { return s.expected_is("due.stays_inside"); }},
      {"unchecked_file", [](const symptoms& s) { return s.actual_is("came.in_inbox"); }},
  };
  return joined(rules_about_texts(), rules_about_acceptance(), others);
}

std::vector<rule> rules_about_its_state() {
  return {
      {"not_listening", [](const symptoms& s) { return s.actual_is("came.not_listening"); }},
      {"spins_without_descriptors",
       [](const symptoms& s) {
         return s.uses_processor() && s.seen.descriptors + 1 >= s.seen.descriptor_limit;
       }},
      {"end_ignored",
       [](const symptoms& s) {
         return s.uses_processor() && s.find_connection([](const auto& connection) {
           return connection.held &&
                  (connection.closed || connection.half_closed || connection.reset);
         }) != nullptr;
       }},
      {"spins", [](const symptoms& s) { return s.uses_processor(); }},
      {"send_waits", [](const symptoms& s) { return s.blocked_in_send(); }},
      {"length_believed",
       [](const symptoms& s) {
         const auto* const last = s.story.last_of(s.seen.waits_on);
         return s.blocked_in_read() && last != nullptr &&
                (last->kind() == "negative_length" || last->kind() == "huge_length");
       }},
      {"waits_for_rest",
       [](const symptoms& s) {
         return s.blocked_in_read() && s.waited_on() != nullptr && s.waited_on()->half_sent;
       }},
      {"short_header",
       [](const symptoms& s) {
         return s.blocked_in_read() && s.waited_on() != nullptr && s.fact("fact.header_cut");
       }},
      {"one_at_a_time",
       [](const symptoms& s) {
         return s.blocked_in_read() && s.waited_on() != nullptr && s.seen.waits_on != "server" &&
                s.seen.waits_on != s.about.who && s.story.all_heard_by(s.seen.waits_on);
       }},
      {"reads_unready",
       [](const symptoms& s) {
         return s.blocked_in_read() && s.waited_on() != nullptr && s.seen.waits_on != "server" &&
                s.seen.waits_on != s.about.who && !s.about.who.empty();
       }},
      {"waits_for_more",
       [](const symptoms& s) { return s.blocked_in_read() && s.waited_on() != nullptr; }},
      {"waits_for_keyboard",
       [](const symptoms& s) { return s.blocked_in_read() && s.seen.waits_on == "keyboard"; }},
      {"waits_in_accept", [](const symptoms& s) { return s.waits_in({"accept"}); }},
      {"sleeps", [](const symptoms& s) { return s.waits_in({"sleep"}); }},
      {"locked", [](const symptoms& s) { return s.waits_in({"futex"}) && s.seen.threads <= 1; }},
  };
}

std::vector<rule> rules_about_the_story() {
  return joined(rules_about_the_stream(), rules_about_loose_ends(), guesses());
}

std::vector<alternative> alternatives() {
  constexpr auto always = [](const symptoms&) { return true; };
  return {
      {"short_header", "lost_after_pieces",
       [](const symptoms& s) { return s.fact("fact.content_cut"); }},
      {"exit_after_pieces", "short_header",
       [](const symptoms& s) { return s.fact("fact.header_cut"); }},
      {"used_after_leaving", "overrun", [](const symptoms& s) { return !s.last_is({"quit"}); }},
      {"too_many_clients", "overrun", always},
      {"one_at_a_time", "reads_unready", always},
      {"overrun", "read_taken_for_message",
       [](const symptoms& s) {
         const auto* const last = s.story.last_request();
         return last != nullptr && last->is_several();
       }},
      {"lookup_failed", "overrun", always},
      {"misdelivered_overrun", "misdelivered", always},
      {"name_overran", "refusal_missing",
       [](const symptoms& s) { return s.expected_is("due.told"); }},
      {"refusal_missing", "bad_name_accepted",
       [](const symptoms& s) {
         return s.last_is({"nick", "create"});
       }},
      {"waits_without_pollout", "held_back",
       [](const symptoms& s) { return s.fact("fact.held_back"); }},
      {"lost_after_pieces", "read_taken_for_message",
       [](const symptoms& s) { return s.about.expected.id == "due.hears_all"; }},
      {"cut_off", "silent_when_full", [](const symptoms& s) { return s.newest_of_many(); }},
      {"deaf_listener", "backlog", [](const symptoms& s) { return s.expected_is("due.connects"); }},
      {"deaf_listener", "places_not_freed",
       [](const symptoms& s) { return s.story.still_connected() * 2 < s.story.connected(); }},
  };
}

}  // namespace check
