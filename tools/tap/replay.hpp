// Plays the clients' side of a recording again.
// What the server answers is told, not judged.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

#include <jalon/endpoint.hpp>

#include "common/recording.hpp"

namespace tap {

/// Connects for each client of @p story to @p to, and says what it said, in the same pieces and
/// after the same time. Then waits until the server has ended all, or nothing came for @p patience.
/// @param told is told of all that happens, as it happens
/// @throws std::system_error if the server cannot be reached
void replay(const std::vector<tools::wire_event>& story, const jalon::endpoint& to,
            std::chrono::milliseconds patience,
            const std::function<void(std::string_view who, tools::wire_kind kind,
                                     std::string_view bytes)>& told);

}  // namespace tap
