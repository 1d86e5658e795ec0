// Rules about how the program ended. These are the most certain.
#include <signal.h>

#include "rules.hpp"

namespace check {

namespace {

// Causes of a death by SIGSEGV, SIGBUS or SIGABRT: the last request tells most.
std::vector<rule> rules_about_memory() {
  return {
      {"failed_assertion",
       [](const symptoms& s) { return s.killed_by(SIGABRT) && s.output_contains({"Assertion"}); }},
      {"uncaught_exception",
       [](const symptoms& s) {
         return s.killed_by(SIGABRT) && s.output_contains({"terminate called"});
       }},
      {"freed_twice",
       [](const symptoms& s) {
         return s.killed_by(SIGABRT) && s.output_contains({"double free", "invalid pointer"});
       }},
      {"lookup_failed",
       [](const symptoms& s) {
         return s.died_of_memory() &&
                (s.last_is_special(absent_nick) || s.last_is_special(absent_channel));
       }},
      {"type_index",
       [](const symptoms& s) {
         return s.died_of_memory() && s.last_is({"unknown_type", "negative_type"});
       }},
      {"length_unchecked",
       [](const symptoms& s) {
         return s.died_of_memory() && s.last_is({"too_long", "endless", "negative_length",
                                                 "huge_length", "text_too_long", "nested"});
       }},
      {"no_final_zero",
       [](const symptoms& s) {
         return s.died_of_memory() && s.last_is({"no_zero", "no_zero_anywhere"});
       }},
      {"too_many_clients",
       [](const symptoms& s) {
         return s.died_of_memory() && s.newest_of_many() &&
                s.story.still_connected() * 2 > s.story.connected();
       }},
      {"places_not_freed",
       [](const symptoms& s) { return s.died_of_memory() && s.newest_of_many(); }},
      {"smashed",
       [](const symptoms& s) {
         return s.killed_by(SIGABRT) &&
                s.output_contains({"stack smashing", "buffer overflow", "corrupted", "invalid size",
                                   "malloc(", "realloc(", "free("});
       }},
      {"overrun",
       [](const symptoms& s) { return s.died_of_memory() && s.departed_client() == nullptr; }},
      {"used_after_leaving", [](const symptoms& s) { return s.died_of_memory(); }},
  };
}

std::vector<rule> rules_about_exits() {
  return {
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
      {"exit_on_unknown_type",
       [](const symptoms& s) {
         return s.exited() && s.last_is({"unknown_type", "negative_type"});
       }},
      {"exit_on_message",
       [](const symptoms& s) {
         return s.exited() && s.departed_client() == nullptr && s.last_is_hostile();
       }},
      {"exit_after_pieces",
       [](const symptoms& s) {
         return s.exited() && s.departed_client() == nullptr && s.fact("fact.pieces");
       }},
      {"exit_when_full",
       [](const symptoms& s) {
         return s.exited() && s.newest_of_many() &&
                s.story.still_connected() * 2 > s.story.connected();
       }},
      {"exit_on_quit",
       [](const symptoms& s) {
         const auto* const left = s.departed_client();
         return s.exited() && left != nullptr && left->quit;
       }},
      {"exit_on_leaving",
       [](const symptoms& s) { return s.exited() && s.departed_client() != nullptr; }},
      {"exited", [](const symptoms& s) { return s.exited(); }},
  };
}

void append(std::vector<rule>& all, std::vector<rule> more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

std::vector<rule> rules_about_its_end() {
  std::vector<rule> all{
      {"could_not_start",
       [](const symptoms& s) {
         return s.exited() && s.seen.end_number == 127 && !s.seen.listens &&
                s.seen.listening_port == 0;
       }},
      {"address_in_use",
       [](const symptoms& s) {
         // A server that ignores the error of bind listens on a port that the kernel chooses.
         return s.expected_is("due.listens") &&
                (s.story.starts() > 1 || s.output_contains({"Address already in use"}));
       }},
      {"other_port", [](const symptoms& s) { return s.actual_is("came.other_port"); }},
      {"memory_limit", [](const symptoms& s) { return s.seen.stopped_because == "memory"; }},
      {"sanitizer", [](const symptoms& s) { return s.sanitizer_reported(); }},
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
  };
  append(all, rules_about_memory());
  append(all, {{"wrong_status", [](const symptoms& s) { return s.actual_is("came.status"); }},
               {"processor_limit", [](const symptoms& s) { return s.killed_by(SIGXCPU); }},
               {"died", [](const symptoms& s) { return s.seen.ended && s.seen.by_signal; }}});
  append(all, rules_about_exits());
  return all;
}

}  // namespace check
