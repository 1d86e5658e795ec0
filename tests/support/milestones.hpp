// The servers of the milestones, each by its name: as services, without sockets.
// Which host runs them is not known here.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "01-echo/echo.hpp"
#include "02-users/rules.hpp"
#include "03-channels/rules.hpp"
#include "04-files/rules.hpp"
#include "chat/limits.hpp"
#include "chat/policy.hpp"
#include "chat/session.hpp"

namespace support {

/// The chat with the units of a milestone: `users`, `channels` or `files`. Its transfers have names
/// that a test can foresee.
class chat_of {
 public:
  explicit chat_of(std::string_view milestone) {
    const bool files = milestone == "files";
    if (files || milestone == "channels")
      channels_.emplace(router_, users_);
    else if (milestone != "users")
      throw std::runtime_error("no milestone: " + std::string(milestone));
    if (files) transfers_.emplace(router_, users_, [this] { return new_name(); });
  }

  /// What a host runs: the chat behind a policy that sets no limits.
  jalon::service& service() { return policy_; }

  /// The chat without a policy.
  chat::router& router() { return router_; }

 private:
  std::string new_name() { return "transfer-" + std::to_string(++transfers_named_); }

  int transfers_named_ = 0;
  chat::router router_;
  chat::session session_{router_, "jalon 0.1.0"};
  chat::users users_{router_};
  std::optional<chat::channels> channels_;
  std::optional<chat::transfers> transfers_;
  chat::policy policy_{router_, chat::service_limits::none()};
};

/// Calls @p visit with the service of a milestone. @return what it returns
template <class Visit>
auto with_milestone(const std::string& milestone, Visit visit) {
  if (milestone == "echo") {
    echo_server::echo_service service;
    return visit(service);
  }
  chat_of chat(milestone);
  return visit(chat.service());
}

}  // namespace support
