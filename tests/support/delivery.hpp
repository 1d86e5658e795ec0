// What a client of a host gets, one thing at a time.
#pragma once

#include <string>

namespace support {

/// A line, or what came in its place.
struct delivery {
  enum kind {
    line,     ///< a line, without its LF
    end,      ///< the server has closed, in order
    reset,    ///< the connection was cut
    nothing,  ///< nothing, for as long as a test waits
  };

  kind what = nothing;
  std::string text = {};  ///< of a line
};

}  // namespace support
