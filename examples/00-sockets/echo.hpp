// What the echo server says to a client: the client's bytes go in, the bytes to send come out.
// It has no socket, so the server of one client and the server of many share these rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sockets {

// The most bytes that a line may have, its LF included. Without a bound, a client that never sends
// a LF would use up the memory of the server.
constexpr std::size_t longest_line = 65'536;

// The echo of one client. TCP carries bytes, not lines: the bytes that recv returns may be half a
// line, or three lines, or the end of one and the start of the next. So the bytes of each client
// are collected until the LF has come; then the line is answered.
class echo {
 public:
  // Takes the next bytes of the client, as many as recv has returned.
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

  // The bytes that are to be sent to the client.
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

  std::string line_;       // the bytes of the current line that have come
  bool too_long_ = false;  // the current line is longer than the bound
  std::string output_;
  bool over_ = false;
};

}  // namespace sockets
