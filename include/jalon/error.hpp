// Errors: throwing with the name of the call that failed, and the error category of framing.
// No policy lives here: who catches, logs or closes is the caller's business.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace jalon {

/// Throws `std::system_error` for @p error (an `errno` value), worded "CALL SUBJECT: reason".
[[noreturn]] inline void throw_system_error(int error, const char* call,
                                            const std::string& subject = {}) {
  const std::string separator = subject.empty() ? "" : " ";
  throw std::system_error(error, std::system_category(), call + separator + subject);
}

/// Passes the result of a system call on; throws what `errno` says if it is -1.
/// @param call the name of the call, for the message
/// @param subject what it was called on, for the message: an endpoint, a path
template <class Integer>
Integer check_call(Integer result, const char* call, const std::string& subject = {}) {
  if (result == -1) throw_system_error(errno, call, subject);
  return result;
}

/// Calls @p call again for as long as a signal interrupts it (`EINTR`, see signal(7)).
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

/// What can be wrong with a frame.
enum class frame_error {
  too_long = 1,  ///< longer than its codec's bound
  truncated,     ///< the input ended in the middle of a frame
};

/// The category of `frame_error` codes. @return a constant that lives as long as the program
inline const std::error_category& frame_category() {
  class category final : public std::error_category {
    const char* name() const noexcept override { return "frame"; }
    std::string message(int code) const override {
      return static_cast<frame_error>(code) == frame_error::too_long ? "frame too long"
                                                                     : "frame cut short";
    }
  };
  static const category instance;
  return instance;
}

/// Makes a `std::error_code` of a `frame_error`; found by `std::error_code`'s constructor.
inline std::error_code make_error_code(frame_error error) {
  return {static_cast<int>(error), frame_category()};
}

}  // namespace jalon

/// Lets a `frame_error` be compared with, and assigned to, a `std::error_code`.
template <>
struct std::is_error_code_enum<jalon::frame_error> : std::true_type {};
