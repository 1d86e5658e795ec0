// The evidence of a failed check in the form in which the rules of the diagnosis ask for it.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"
#include "story_view.hpp"

namespace check {

/// The evidence of one failed check, and questions about it.
struct symptoms {
  const evidence& seen;
  const check_result& about;
  story_view story{about.story};

  // How the program ended.
  bool killed_by(int signal) const;
  bool died_of_memory() const;  ///< SIGSEGV, SIGBUS or SIGABRT
  bool exited() const;
  bool sanitizer_reported() const;
  bool output_contains(std::initializer_list<std::string_view> words) const;

  // What the program is doing.
  bool uses_processor() const;
  bool waits_in(std::initializer_list<std::string_view> calls) const;
  bool blocked_in_send() const { return waits_in({"send", "write"}); }
  bool blocked_in_read() const { return waits_in({"recv", "read"}); }
  bool blocked_in_poll() const { return waits_in({"poll", "select", "epoll_wait"}); }

  // The connections.
  const connection_evidence* find_connection(
      const std::function<bool(const connection_evidence&)>& which) const;
  const connection_evidence* waited_on() const;
  const connection_evidence* departed_client() const;
  const connection_evidence* unread() const;  ///< whose bytes are in the program's receive queue
  bool server_has_gone() const;               ///< the checker's server has left its graded client
  bool newest_of_many() const;  ///< the last thing that happened is that one more client came

  // What was expected, and what came.
  bool fact(std::string_view name) const;
  bool expected_is(std::string_view id) const { return about.expected.id == id; }
  bool actual_is(std::string_view id) const { return about.actual.id == id; }
  bool expects_text() const;  ///< a text that somebody has sent
  std::string word() const;   ///< the word that was expected, or that had not to come
  std::string code() const;   ///< the code of the refusal that was expected
  bool answered() const;      ///< something came, but not what was expected
  bool last_is(std::initializer_list<std::string_view> kinds) const;
  bool last_is_special(std::string_view what) const;
  bool last_is_hostile() const;         ///< the last request is one that no right client sends
  bool grades_client() const;           ///< the program is a client
  std::string misdelivered_to() const;  ///< who got the word in place of its receiver; or empty
  bool name_overran() const;  ///< a name longer than any array was sent, and another user suffers

  /// The request that had to be refused and was not, or whose text reached somebody it was not for.
  const sent_request* accepted() const;
  bool accepted_is(std::initializer_list<std::string_view> kinds) const;
  /// Whether two users have asked for the same nick, or for the same new channel.
  bool name_twice(std::string_view who) const;
};

}  // namespace check
