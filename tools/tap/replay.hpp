// Replays the clients' side of a recording against a server.
#pragma once

#include <chrono>
#include <functional>
#include <string_view>
#include <vector>

#include <jalon/endpoint.hpp>

#include "common/recording.hpp"

namespace tap {

/// Connects to @p to for each client of @p story, and sends what it sent, in the same pieces and at
/// the same times. Then waits until the server has closed all connections, or has sent nothing for
/// @p patience. @param on_event is called for each event when it happens
/// @throws std::system_error if the server cannot be reached
void replay(const std::vector<tools::wire_event>& story, const std::vector<jalon::endpoint>& to,
            std::chrono::milliseconds patience,
            const std::function<void(std::string_view who, tools::wire_kind kind,
                                     std::string_view bytes)>& on_event);

}  // namespace tap
