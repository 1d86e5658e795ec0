// What the echo server says to one client: the client's bytes go in, what is due to it comes out.
// No socket here. So the server of one client and the server of many share these rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockets {

// A line may have so many bytes, its LF counted. Without a bound, one client that never sends a LF
// would take all the memory of the server.
constexpr std::size_t longest_line = 65'536;

// One client's conversation. TCP carries bytes and knows no lines: a piece that comes in may hold
// half a line, or three, or the end of one and the start of the next. So each client has a line of
// its own that is coming in, and no matter how it was cut, it is answered when its LF is here.
class echo {
 public:
  // Takes the next bytes of the client, as many as happened to come together.
  void receive(std::string_view bytes) {
    for (const char byte : bytes) {
      if (!over_) take(byte);
    }
  }

  // The client sends nothing more. A last line without LF is a line too.
  void end_of_input() {
    if (!over_ && (too_long_ || !line_.empty())) answer();
    over_ = true;
  }

  // What is due to the client and not yet sent.
  const std::string& output() const { return output_; }

  // The first `count` bytes of the output are sent.
  void sent(std::size_t count) { output_.erase(0, count); }

  // True after /quit or the end of the input: once the output is sent, the server closes.
  bool over() const { return over_; }

 private:
  void take(char byte) {
    if (byte == '\n') {
      if (line_.ends_with('\r')) line_.pop_back();  // telnet and Windows end a line with CR LF
      answer();
    } else if (line_.size() + 1 < longest_line) {
      line_ += byte;
    } else {
      too_long_ = true;  // and this byte is dropped, as all that follow up to the LF
    }
  }

  void answer() {
    if (too_long_) {
      output_ += "error: line too long\n";
    } else if (line_ == "/quit") {
      over_ = true;
    } else {
      output_ += line_ + '\n';
    }
    line_.clear();
    too_long_ = false;
  }

  std::string line_;       // what has come of the line that is coming in
  bool too_long_ = false;  // that line has passed the bound
  std::string output_;
  bool over_ = false;
};

}  // namespace sockets
