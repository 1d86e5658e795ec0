// A network of its own for a process: only a loopback, every port free, small socket buffers.
#pragma once

namespace check {

/// Enters one. @return false where the system does not allow it; then nothing has changed
bool enter_own_network();

}  // namespace check
