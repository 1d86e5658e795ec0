// What a call throws, as a value that a test can look at.
#pragma once

#include <optional>
#include <system_error>

namespace support {

/// The `std::system_error` that @p call throws; nothing if it returns.
template <class Call>
std::optional<std::system_error> thrown_by(Call call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return error;
  }
  return std::nullopt;
}

}  // namespace support
