// A network namespace for a check: only a loopback, all ports free, small socket buffers.
#pragma once

namespace check {

/// Moves this process into a new one. @return false, with nothing changed, if the system forbids it
bool enter_own_network();

}  // namespace check
