// The likely cause, as a list of rules: the first that fits is named.
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

// What a rule looks at.
struct scene {
  const evidence& seen;
  const result& about;

  bool fact(std::string_view name) const {
    return std::find(seen.facts.begin(), seen.facts.end(), name) != seen.facts.end();
  }
  bool died_of(int signal) const {
    return seen.ended && seen.by_signal && seen.end_number == signal;
  }
  bool exited() const { return seen.ended && !seen.by_signal && seen.stopped_because.empty(); }
  bool spins() const {
    return !seen.ended && (seen.cpu_percent >= 20 || about.came.id == "came.busy");
  }
  bool waits_in(std::initializer_list<std::string_view> calls) const {
    return !seen.ended && std::find(calls.begin(), calls.end(), seen.waits_in) != calls.end();
  }
  bool sends() const { return waits_in({"send", "write"}); }
  bool reads() const { return waits_in({"recv", "read"}); }
  bool polls() const { return waits_in({"poll", "select", "epoll_wait"}); }
  bool last_words_say(std::initializer_list<std::string_view> words) const {
    return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
      return seen.last_words.find(word) != std::string::npos;
    });
  }
  const connection_evidence* connection(
      const std::function<bool(const connection_evidence&)>& which) const {
    const auto found = std::find_if(seen.connections.begin(), seen.connections.end(), which);
    return found == seen.connections.end() ? nullptr : &*found;
  }
  const connection_evidence* waited_on() const {
    return connection([&](const auto& one) { return one.who == seen.waits_on; });
  }
  const connection_evidence* left() const {
    return connection([](const auto& one) {
      return (one.closed || one.reset || one.half_closed || one.quit) && !one.ended_first;
    });
  }
  const connection_evidence* last_gone() const {
    return connection([](const auto& one) { return one.reset; });
  }
  // Whose bytes wait in its socket.
  const connection_evidence* unread() const {
    return connection([](const auto& one) { return one.unread > 0 && one.held; });
  }
  // The server that the checker plays for a client.
  bool server_has_gone() const {
    return connection([](const auto& one) {
             return one.who == "server" && (one.closed || one.reset);
           }) != nullptr;
  }
  bool due(std::string_view id) const { return about.due.id == id; }
  bool came(std::string_view id) const { return about.came.id == id; }
  // The bytes of the event where the wrong byte is, or of the last that was sent.
  bool sent_more_than(std::size_t size) const {
    return std::any_of(about.story.begin(), about.story.end(), [&](const auto& event) {
      return event.kind == tools::wire_kind::sent && event.size > size;
    });
  }
};

struct rule {
  std::string id;
  bool (*fits)(const scene&);
};

// The last two: what went wrong stands in one of them.
std::string last_lines(const std::string& text) {
  const auto end = text.find_last_not_of("\r\n ");
  if (end == text.npos) return {};
  auto begin = text.rfind('\n', end);
  if (begin != text.npos && begin > 0) begin = text.rfind('\n', begin - 1);
  const std::size_t first = begin == text.npos ? 0 : begin + 1;
  return text.substr(first, end - first + 1);
}

// What a sanitizer found, and where in the program: the sanitizer's own frames stand before it.
std::string sanitizer_fault(const std::string& text) {
  constexpr std::string_view error = "ERROR: ";
  std::string fault;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    // One of these does not end it; what comes after may.
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

// What was sent last before the program ended: what is sent to one that has ended tells nothing.
std::string last_sent(const result& about) {
  using tools::wire_kind;
  std::string label;
  std::string before_end;
  for (const auto& event : about.story) {
    if (event.kind == wire_kind::sent && !event.label.empty()) label = event.label;
    // It was still there when it said something.
    if (event.kind == wire_kind::received) before_end.clear();
    const bool ends = event.kind == wire_kind::end || event.kind == wire_kind::broken;
    if (ends && before_end.empty()) before_end = label;
  }
  return before_end.empty() ? label : before_end;
}

bool sanitizer_spoke(const scene& s) {
  return s.seen.ended && s.last_words_say({"AddressSanitizer", "UndefinedBehaviorSanitizer",
                                           "runtime error:", "ThreadSanitizer"});
}

// How it ended: what leaves least doubt.
std::vector<rule> rules_of_its_end() {
  return {
      {"could_not_start",
       [](const scene& s) {
         return s.exited() && s.seen.end_number == 127 && !s.seen.listens &&
                s.seen.listening_port == 0;
       }},
      {"address_in_use",
       [](const scene& s) {
         return s.due("due.listens") && s.last_words_say({"Address already in use"});
       }},
      {"other_port", [](const scene& s) { return s.came("came.other_port"); }},
      {"memory_limit", [](const scene& s) { return s.seen.stopped_because == "memory"; }},
      {"sanitizer", sanitizer_spoke},
      {"output_kept",
       [](const scene& s) {
         return s.fact("fact.shown_at_end") && s.polls() &&
                s.connection([](const auto& one) { return one.unread > 0; }) == nullptr;
       }},
      {"sigpipe", [](const scene& s) { return s.died_of(SIGPIPE); }},
      {"python_error",
       [](const scene& s) {
         return s.exited() && s.last_words_say({"Traceback (most recent call last)"});
       }},
      {"smashed",
       [](const scene& s) {
         return s.died_of(SIGABRT) &&
                s.last_words_say({"stack smashing", "buffer overflow", "corrupted", "double free",
                                  "invalid pointer", "invalid size"});
       }},
      {"overrun",
       [](const scene& s) {
         return (s.died_of(SIGSEGV) || s.died_of(SIGBUS) || s.died_of(SIGABRT)) &&
                s.left() == nullptr;
       }},
      {"used_after_leaving",
       [](const scene& s) {
         return s.died_of(SIGSEGV) || s.died_of(SIGABRT) || s.died_of(SIGBUS);
       }},
      {"wrong_status", [](const scene& s) { return s.came("came.status"); }},
      {"processor_limit", [](const scene& s) { return s.died_of(SIGXCPU); }},
      {"died", [](const scene& s) { return s.seen.ended && s.seen.by_signal; }},
      {"exit_on_interrupt",
       [](const scene& s) { return s.exited() && s.last_words_say({"Interrupted system call"}); }},
      {"exit_on_interrupt",
       [](const scene& s) {
         return s.exited() && s.seen.signal_sent != 0 && s.seen.signal_sent != SIGSTOP &&
                s.seen.signal_sent != SIGCONT;
       }},
      {"exit_without_descriptors",
       [](const scene& s) { return s.exited() && s.last_words_say({"Too many open files"}); }},
      {"exit_on_reset",
       [](const scene& s) {
         return s.exited() &&
                s.last_words_say({"Connection reset", "Software caused connection abort",
                                  "Transport endpoint is not connected", "Broken pipe"});
       }},
      {"exit_after_pieces",
       [](const scene& s) { return s.exited() && s.left() == nullptr && s.fact("fact.pieces"); }},
      {"exit_on_leaving", [](const scene& s) { return s.exited() && s.left() != nullptr; }},
      {"exited", [](const scene& s) { return s.exited(); }},
  };
}

// What it does, and waits in.
std::vector<rule> rules_of_its_state() {
  return {
      {"not_listening", [](const scene& s) { return s.came("came.not_listening"); }},
      {"spins_without_descriptors",
       [](const scene& s) {
         return s.spins() && s.seen.descriptors + 1 >= s.seen.descriptor_limit;
       }},
      {"end_ignored",
       [](const scene& s) {
         return s.spins() && s.connection([](const auto& one) {
           return one.held && (one.closed || one.half_closed || one.reset);
         }) != nullptr;
       }},
      {"spins", [](const scene& s) { return s.spins(); }},
      {"send_waits",
       [](const scene& s) {
         return s.sends() && s.waited_on() != nullptr && !s.waited_on()->reads;
       }},
      {"send_waits", [](const scene& s) { return s.sends(); }},
      {"waits_for_rest", [](const scene& s) { return s.reads() && s.waited_on() != nullptr; }},
      {"waits_for_keyboard",
       [](const scene& s) { return s.reads() && s.seen.waits_on == "keyboard"; }},
      {"waits_in_accept", [](const scene& s) { return s.waits_in({"accept"}); }},
      {"sleeps", [](const scene& s) { return s.waits_in({"sleep"}); }},
      {"locked", [](const scene& s) { return s.waits_in({"futex"}) && s.seen.threads <= 1; }},
  };
}

// What came, and what did not.
std::vector<rule> rules_of_the_story() {
  return {
      {"cut_at_zero", [](const scene& s) { return s.fact("fact.cut_at_zero"); }},
      {"port_swapped", [](const scene& s) { return s.fact("fact.port_swapped"); }},
      {"piece_taken_for_message", [](const scene& s) { return s.fact("fact.early_answer"); }},
      {"waits_without_pollout",
       [](const scene& s) {
         return s.fact("fact.way_was_full") && s.about.who != "server" &&
                (s.fact("fact.held_back") || (s.polls() && s.unread() != nullptr));
       }},
      {"held_back", [](const scene& s) { return s.fact("fact.held_back"); }},
      {"write_not_whole",
       [](const scene& s) { return s.fact("fact.way_was_full") && s.due("due.hears_all"); }},
      {"read_taken_for_message", [](const scene& s) { return s.fact("fact.first_only"); }},
      {"forged", [](const scene& s) { return s.came("came.forged"); }},
      {"more_threads", [](const scene& s) { return s.came("came.threads"); }},
      {"descriptors_leak", [](const scene& s) { return s.due("due.descriptors"); }},
      {"memory_leak", [](const scene& s) { return s.due("due.memory") || s.due("due.bounded"); }},
      {"obeys_control", [](const scene& s) { return s.due("due.no_control"); }},
      {"path_trusted", [](const scene& s) { return s.due("due.stays_inside"); }},
      {"unchecked_file", [](const scene& s) { return s.came("came.in_inbox"); }},
      {"gone_unnoticed", [](const scene& s) { return s.due("due.ends") && s.server_has_gone(); }},
      {"stays", [](const scene& s) { return s.due("due.ends"); }},
      {"end_unnoticed", [](const scene& s) { return s.due("due.let_go"); }},
      {"told_the_sender", [](const scene& s) { return s.fact("fact.own_word"); }},
      {"told_too_many", [](const scene& s) { return s.fact("fact.others_word"); }},
      {"told_twice",
       [](const scene& s) { return s.due("due.hears_once") || s.due("due.shows_once"); }},
      {"state_stays",
       [](const scene& s) {
         return s.due("due.freed") || s.due("due.not_listed") || s.due("due.channel_gone");
       }},
      {"changed_bytes", [](const scene& s) { return s.due("due.gets"); }},
      {"cut_off",
       [](const scene& s) {
         return s.connection([](const auto& one) { return one.ended && !one.half_closed; }) !=
                    nullptr &&
                (s.about.due.id.starts_with("due.hears") || s.due("due.served") ||
                 s.about.due.id.starts_with("due.shows") || s.due("due.asked"));
       }},
      {"deaf_listener", [](const scene& s) { return s.seen.not_accepted > 0; }},
      {"silent_when_full", [](const scene& s) { return s.due("due.not_silent"); }},
      {"deaf_to_one",
       [](const scene& s) {
         return s.connection([](const auto& one) {
           return one.unread > 0 && one.held && one.reads;
         }) != nullptr &&
                s.polls();
       }},
      {"lost_after_pieces", [](const scene& s) { return s.fact("fact.pieces"); }},
      {"refusal_missing",
       [](const scene& s) { return s.due("due.told") || s.due("due.user_told"); }},
      {"no_answer", [](const scene& s) { return s.polls(); }},
      {"unsure", [](const scene&) { return true; }},
  };
}

// From what leaves no doubt to what is a guess.
const std::vector<rule>& rules() {
  static const std::vector<rule> all = [] {
    std::vector<rule> gathered;
    for (auto part : {rules_of_its_end, rules_of_its_state, rules_of_the_story}) {
      for (auto& one : part()) gathered.push_back(std::move(one));
    }
    return gathered;
  }();
  return all;
}

tools::arguments values_of(const scene& s) {
  const auto* left = s.left();
  return {{"signal", s.seen.by_signal ? ::strsignal(s.seen.end_number) : ""},
          {"status", std::to_string(s.seen.end_number)},
          {"words", last_lines(s.seen.last_words)},
          {"fault", sanitizer_spoke(s) ? sanitizer_fault(s.seen.last_words) : ""},
          {"call", s.seen.waits_in},
          {"on", s.seen.waits_on.empty() ? "a descriptor" : s.seen.waits_on},
          {"left", left == nullptr ? "a client" : left->who},
          {"cpu", std::to_string(s.seen.cpu_percent)},
          {"last", last_sent(s.about)}};
}

}  // namespace

said likely_cause(const evidence& seen, const result& about) {
  const scene s{seen, about};
  const auto found =
      std::find_if(rules().begin(), rules().end(), [&](const rule& one) { return one.fits(s); });
  return {found->id, values_of(s)};
}

std::vector<std::string> causes_behind(const std::string& cause) {
  // Bytes that are not taken from the wire as messages spoil all that is asked after them.
  static const std::vector<std::string> framing{
      "lost_after_pieces", "held_back", "read_taken_for_message", "piece_taken_for_message"};
  static const std::map<std::string, std::vector<std::string>> behind{
      {"no_answer", framing},
      {"exited", framing},
      {"exit_after_pieces", framing},
      {"read_taken_for_message", {"lost_after_pieces", "held_back"}},
      {"write_not_whole", {"read_taken_for_message"}},
      {"waits_without_pollout", {"held_back"}},
      {"send_waits", {"waits_for_rest"}},   // its sockets block
      {"used_after_leaving", {"overrun"}},  // memory was spoilt before
      {"end_unnoticed", {"end_ignored", "descriptors_leak"}},
      {"deaf_listener", {"descriptors_leak"}},
      {"spins_without_descriptors", {"end_ignored", "spins"}},
  };
  const auto found = behind.find(cause);
  return found == behind.end() ? std::vector<std::string>{} : found->second;
}

std::vector<std::string> all_causes() {
  std::vector<std::string> ids;
  for (const auto& one : rules()) {
    if (std::find(ids.begin(), ids.end(), one.id) == ids.end()) ids.push_back(one.id);
  }
  return ids;
}

}  // namespace check
