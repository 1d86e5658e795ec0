// Errors: exceptions that name the failed call, and the error category of framing.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace jalon {

/// Throws `std::system_error` for @p error, an `errno` value (errno(3)), with the text
/// "CALL SUBJECT: reason".
[[noreturn]] inline void throw_system_error(int error, const char* call,
                                            const std::string& subject = {}) {
  const std::string separator = subject.empty() ? "" : " ";
  throw std::system_error(error, std::system_category(), call + separator + subject);
}

/// Returns the result of a system call unchanged, unless it is -1.
/// @param result what the call returned
/// @param call the name of the call, for the message
/// @param subject what it was called on, for the message: an endpoint, a path
/// @throws std::system_error with the value of `errno`, if @p result is -1
template <class Integer>
Integer check_call(Integer result, const char* call, const std::string& subject = {}) {
  if (result == -1) throw_system_error(errno, call, subject);
  return result;
}

/// Repeats @p call as long as a signal interrupts it (`EINTR`, signal(7)). @return its result
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

/// Why a codec could not decode a frame.
enum class frame_error {
  too_long = 1,  ///< the frame is longer than the codec's bound
  truncated,     ///< the input ended in the middle of a frame
};

/// The error category of `frame_error`. @return a constant that lives as long as the program
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

/// Makes a `std::error_code` from a `frame_error`. The constructor of `std::error_code` calls it.
inline std::error_code make_error_code(frame_error error) {
  return {static_cast<int>(error), frame_category()};
}

}  // namespace jalon

/// Lets a `frame_error` be assigned to a `std::error_code` and compared with it.
template <>
struct std::is_error_code_enum<jalon::frame_error> : std::true_type {};
