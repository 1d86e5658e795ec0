// The likely cause: the first rule of a list that fits.
#include "diagnosis.hpp"

#include <signal.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <sstream>

namespace check {

namespace {

// The evidence in the form in which the rules ask for it.
struct symptoms {
  const evidence& seen;
  const check_result& about;

  bool fact(std::string_view name) const {
    return std::find(seen.facts.begin(), seen.facts.end(), name) != seen.facts.end();
  }
  bool killed_by(int signal) const {
    return seen.ended && seen.by_signal && seen.end_number == signal;
  }
  bool exited() const { return seen.ended && !seen.by_signal && seen.stopped_because.empty(); }
  bool uses_processor() const {
    return !seen.ended && (seen.cpu_percent >= 20 || about.actual.id == "came.busy");
  }
  bool waits_in(std::initializer_list<std::string_view> calls) const {
    // Only the main thread's call is known. What it waits in says nothing about other threads.
    return !seen.ended && seen.threads <= 1 &&
           std::find(calls.begin(), calls.end(), seen.waits_in) != calls.end();
  }
  bool blocked_in_send() const { return waits_in({"send", "write"}); }
  bool blocked_in_read() const { return waits_in({"recv", "read"}); }
  bool blocked_in_poll() const { return waits_in({"poll", "select", "epoll_wait"}); }
  bool output_contains(std::initializer_list<std::string_view> words) const {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      return seen.last_output.find(word) != std::string::npos;
    });
  }
  const connection_evidence* find_connection(
      const std::function<bool(const connection_evidence&)>& which) const {
    const auto found = std::find_if(seen.connections.begin(), seen.connections.end(), which);
    return found == seen.connections.end() ? nullptr : &*found;
  }
  const connection_evidence* waited_on() const {
    return find_connection([&](const auto& connection) { return connection.who == seen.waits_on; });
  }
  const connection_evidence* departed_client() const {
    return find_connection([](const auto& connection) {
      return (connection.closed || connection.reset || connection.half_closed || connection.quit) &&
             !connection.ended_first;
    });
  }
  // The client whose bytes are in the program's receive queue.
  const connection_evidence* unread() const {
    return find_connection(
        [](const auto& connection) { return connection.unread > 0 && connection.held; });
  }
  // Whether the checker's server has closed its connection to a graded client.
  bool server_has_gone() const {
    return find_connection([](const auto& connection) {
             return connection.who == "server" && (connection.closed || connection.reset);
           }) != nullptr;
  }
  bool expected_is(std::string_view id) const { return about.expected.id == id; }
  bool actual_is(std::string_view id) const { return about.actual.id == id; }
};

struct rule {
  std::string id;
  bool (*fits)(const symptoms&);
};

// The last two lines of the output: an error message is usually in one of them.
std::string last_lines(const std::string& text) {
  const auto end = text.find_last_not_of("\r\n ");
  if (end == text.npos) return {};
  auto begin = text.rfind('\n', end);
  if (begin != text.npos && begin > 0) begin = text.rfind('\n', begin - 1);
  const std::size_t first = begin == text.npos ? 0 : begin + 1;
  return text.substr(first, end - first + 1);
}

// The fault that a sanitizer reported, and the first stack frame that is not the sanitizer's own.
std::string sanitizer_fault(const std::string& text) {
  constexpr std::string_view error = "ERROR: ";
  std::string fault;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // A runtime error does not end the program; a later ERROR does, and is preferred.
    if (fault.empty() && line.find("runtime error:") != line.npos) fault = line;
    const auto at = line.find(error);
    if (at != line.npos)
      fault = line.substr(at + error.size(), line.find(" on ", at) - at - error.size());
    const auto place = line.find(" in ");
    const bool is_frame = line.find_first_not_of(' ') == line.find('#') && place != line.npos;
    if (is_frame && !fault.empty() && line.find("sanitizer") == line.npos)
      return fault + line.substr(place);
  }
  return fault.empty() ? last_lines(text) : fault;
}

// The label of the last message that was sent before the program ended.
std::string last_sent(const check_result& about) {
  using tools::wire_kind;
  std::string label;
  std::string before_end;
  for (const auto& event : about.story) {
    if (event.kind == wire_kind::sent && !event.label.empty()) label = event.label;
    // The program was still running when it sent something.
    if (event.kind == wire_kind::received) before_end.clear();
    const bool ends = event.kind == wire_kind::end || event.kind == wire_kind::broken;
    if (ends && before_end.empty()) before_end = label;
  }
  return before_end.empty() ? label : before_end;
}

bool sanitizer_reported(const symptoms& s) {
  const bool by_it = s.seen.ended || s.expected_is("due.sound");
  return by_it && s.output_contains({"AddressSanitizer", "UndefinedBehaviorSanitizer",
                                     "runtime error:", "ThreadSanitizer"});
}

// Rules about how the program ended. These are the most certain.
std::vector<rule> rules_about_its_end() {
  return {
      {"could_not_start",
       [](const symptoms& s) {
         return s.exited() && s.seen.end_number == 127 && !s.seen.listens &&
                s.seen.listening_port == 0;
       }},
      {"address_in_use",
       [](const symptoms& s) {
         return s.expected_is("due.listens") && s.output_contains({"Address already in use"});
       }},
      {"other_port", [](const symptoms& s) { return s.actual_is("came.other_port"); }},
      {"memory_limit", [](const symptoms& s) { return s.seen.stopped_because == "memory"; }},
      {"sanitizer", sanitizer_reported},
      {"output_kept",
       [](const symptoms& s) {
         return s.fact("fact.shown_at_end") && s.blocked_in_poll() &&
                s.find_connection([](const auto& connection) { return connection.unread > 0; }) ==
                    nullptr;
       }},
      {"sigpipe", [](const symptoms& s) { return s.killed_by(SIGPIPE); }},
      {"python_error",
       [](const symptoms& s) {
         return s.exited() && s.output_contains({"Traceback (most recent call last)"});
       }},
      {"smashed",
       [](const symptoms& s) {
         return s.killed_by(SIGABRT) &&
                s.output_contains({"stack smashing", "buffer overflow", "corrupted", "double free",
                                   "invalid pointer", "invalid size"});
       }},
      {"overrun",
       [](const symptoms& s) {
         return (s.killed_by(SIGSEGV) || s.killed_by(SIGBUS) || s.killed_by(SIGABRT)) &&
                s.departed_client() == nullptr;
       }},
      {"used_after_leaving",
       [](const symptoms& s) {
         return s.killed_by(SIGSEGV) || s.killed_by(SIGABRT) || s.killed_by(SIGBUS);
       }},
      {"wrong_status", [](const symptoms& s) { return s.actual_is("came.status"); }},
      {"processor_limit", [](const symptoms& s) { return s.killed_by(SIGXCPU); }},
      {"died", [](const symptoms& s) { return s.seen.ended && s.seen.by_signal; }},
      {"exit_on_interrupt",
       [](const symptoms& s) {
         return s.exited() && s.output_contains({"Interrupted system call"});
       }},
      {"exit_on_interrupt",
       [](const symptoms& s) {
         return s.exited() && s.seen.signal_sent != 0 && s.seen.signal_sent != SIGSTOP &&
                s.seen.signal_sent != SIGCONT;
       }},
      {"exit_without_descriptors",
       [](const symptoms& s) { return s.exited() && s.output_contains({"Too many open files"}); }},
      {"exit_on_reset",
       [](const symptoms& s) {
         return s.exited() &&
                s.output_contains({"Connection reset", "Software caused connection abort",
                                   "Transport endpoint is not connected", "Broken pipe"});
       }},
      {"exit_after_pieces",
       [](const symptoms& s) {
         return s.exited() && s.departed_client() == nullptr && s.fact("fact.pieces");
       }},
      {"exit_on_leaving",
       [](const symptoms& s) { return s.exited() && s.departed_client() != nullptr; }},
      {"exited", [](const symptoms& s) { return s.exited(); }},
  };
}

// Rules about what the program is doing, and the call in which it is blocked.
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
      {"send_waits",
       [](const symptoms& s) {
         return s.blocked_in_send() && s.waited_on() != nullptr && !s.waited_on()->reads;
       }},
      {"send_waits", [](const symptoms& s) { return s.blocked_in_send(); }},
      {"waits_for_rest",
       [](const symptoms& s) { return s.blocked_in_read() && s.waited_on() != nullptr; }},
      {"waits_for_keyboard",
       [](const symptoms& s) { return s.blocked_in_read() && s.seen.waits_on == "keyboard"; }},
      {"waits_in_accept", [](const symptoms& s) { return s.waits_in({"accept"}); }},
      {"sleeps", [](const symptoms& s) { return s.waits_in({"sleep"}); }},
      {"locked", [](const symptoms& s) { return s.waits_in({"futex"}) && s.seen.threads <= 1; }},
  };
}

// Rules about what was received, and what was not.
std::vector<rule> rules_about_the_story() {
  return {
      {"creator_outside", [](const symptoms& s) { return s.fact("fact.creator_outside"); }},
      {"cut_at_zero", [](const symptoms& s) { return s.fact("fact.cut_at_zero"); }},
      {"port_swapped", [](const symptoms& s) { return s.fact("fact.port_swapped"); }},
      {"piece_taken_for_message", [](const symptoms& s) { return s.fact("fact.early_answer"); }},
      {"waits_without_pollout",
       [](const symptoms& s) {
         return s.fact("fact.way_was_full") && s.about.who != "server" &&
                (s.fact("fact.held_back") || (s.blocked_in_poll() && s.unread() != nullptr));
       }},
      {"held_back", [](const symptoms& s) { return s.fact("fact.held_back"); }},
      {"write_not_whole",
       [](const symptoms& s) {
         return s.fact("fact.way_was_full") && s.expected_is("due.hears_all");
       }},
      {"read_taken_for_message", [](const symptoms& s) { return s.fact("fact.first_only"); }},
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
      {"gone_unnoticed",
       [](const symptoms& s) { return s.expected_is("due.ends") && s.server_has_gone(); }},
      {"stays", [](const symptoms& s) { return s.expected_is("due.ends"); }},
      {"end_unnoticed", [](const symptoms& s) { return s.expected_is("due.let_go"); }},
      {"told_the_sender", [](const symptoms& s) { return s.fact("fact.own_word"); }},
      {"told_too_many", [](const symptoms& s) { return s.fact("fact.others_word"); }},
      {"told_twice",
       [](const symptoms& s) {
         return s.expected_is("due.hears_once") || s.expected_is("due.shows_once");
       }},
      {"state_stays",
       [](const symptoms& s) {
         return s.expected_is("due.freed") || s.expected_is("due.not_listed") ||
                s.expected_is("due.channel_gone");
       }},
      {"changed_bytes", [](const symptoms& s) { return s.expected_is("due.gets"); }},
      {"cut_off",
       [](const symptoms& s) {
         return s.find_connection([](const auto& connection) {
           return connection.ended && !connection.half_closed;
         }) != nullptr &&
                (s.about.expected.id.starts_with("due.hears") || s.expected_is("due.served") ||
                 s.about.expected.id.starts_with("due.shows") || s.expected_is("due.asked"));
       }},
      {"backlog_full", [](const symptoms& s) { return s.fact("fact.backlog_full"); }},
      {"deaf_listener", [](const symptoms& s) { return s.seen.not_accepted > 0; }},
      {"silent_when_full", [](const symptoms& s) { return s.expected_is("due.not_silent"); }},
      {"deaf_to_one",
       [](const symptoms& s) {
         return s.find_connection([](const auto& connection) {
           return connection.unread > 0 && connection.held && connection.reads;
         }) != nullptr &&
                s.blocked_in_poll();
       }},
      {"lost_after_pieces", [](const symptoms& s) { return s.fact("fact.pieces"); }},
      {"refusal_missing",
       [](const symptoms& s) {
         return s.expected_is("due.told") || s.expected_is("due.user_told");
       }},
      {"no_answer", [](const symptoms& s) { return s.blocked_in_poll(); }},
      {"unsure", [](const symptoms&) { return true; }},
  };
}

// All rules, from the most certain to guesses.
const std::vector<rule>& rules() {
  static const std::vector<rule> all = [] {
    std::vector<rule> combined;
    for (auto part : {rules_about_its_end, rules_about_its_state, rules_about_the_story}) {
      for (auto& entry : part()) combined.push_back(std::move(entry));
    }
    return combined;
  }();
  return all;
}

tools::arguments values_of(const symptoms& s) {
  const auto* left = s.departed_client();
  return {{"signal", s.seen.by_signal ? ::strsignal(s.seen.end_number) : ""},
          {"status", std::to_string(s.seen.end_number)},
          {"words", last_lines(s.seen.last_output)},
          {"fault", sanitizer_reported(s) ? sanitizer_fault(s.seen.last_output) : ""},
          {"call", s.seen.waits_in},
          {"on", s.seen.waits_on.empty() ? "a descriptor" : s.seen.waits_on},
          {"left", left == nullptr ? "a client" : left->who},
          {"cpu", std::to_string(s.seen.cpu_percent)},
          {"last", last_sent(s.about)}};
}

}  // namespace

catalogue_text likely_cause(const evidence& seen, const check_result& about) {
  const symptoms s{seen, about};
  const auto found = std::find_if(rules().begin(), rules().end(),
                                  [&](const rule& entry) { return entry.fits(s); });
  return {found->id, values_of(s)};
}

std::vector<std::string> causes_behind(const std::string& cause) {
  // If the framing is wrong, all later requests on the connection are misread.
  static const std::vector<std::string> framing{
      "lost_after_pieces", "held_back", "read_taken_for_message", "piece_taken_for_message"};
  static const std::map<std::string, std::vector<std::string>> behind{
      {"no_answer", framing},
      {"exited", framing},
      {"exit_after_pieces", framing},
      {"read_taken_for_message", {"lost_after_pieces", "held_back"}},
      {"write_not_whole", {"read_taken_for_message"}},
      {"waits_without_pollout", {"held_back"}},
      {"send_waits", {"waits_for_rest"}},   // both follow from blocking sockets
      {"used_after_leaving", {"overrun"}},  // memory was corrupted earlier
      {"end_unnoticed", {"end_ignored", "descriptors_leak"}},
      {"deaf_listener", {"descriptors_leak"}},
      {"spins_without_descriptors", {"end_ignored", "spins"}},
  };
  const auto found = behind.find(cause);
  return found == behind.end() ? std::vector<std::string>{} : found->second;
}

std::vector<std::string> all_causes() {
  std::vector<std::string> ids;
  for (const auto& entry : rules()) {
    if (std::find(ids.begin(), ids.end(), entry.id) == ids.end()) ids.push_back(entry.id);
  }
  return ids;
}

}  // namespace check
