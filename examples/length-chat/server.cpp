// A chat with a protocol of its own, on the same server: each message is 4 bytes of length, in
// network byte order, and that many bytes of text. What one client sends goes to all others. A
// course that has another framing begins here; see docs/any-language.md.
#include <string_view>
#include <system_error>
#include <vector>

#include <jalon/length_codec.hpp>
#include <jalon/service.hpp>

#include "program/run_main.hpp"
#include "program/run_server.hpp"

class length_chat final : public jalon::service {
 public:
  void connected(jalon::connection_id id, const jalon::arrival&, jalon::actions& out) override {
    out.send(everyone_, "somebody has joined");
    everyone_.push_back(id);
  }

  void received(jalon::connection_id from, std::string_view text, jalon::actions& out) override {
    out.send_to_others(from, everyone_, text);
  }

  // The stream of a client that sent a wrong length cannot be understood any more.
  void malformed(jalon::connection_id from, std::error_code, jalon::actions& out) override {
    out.send(from, "a message has at most 1000 bytes");
    out.close(from);
  }

  void disconnected(jalon::connection_id id, jalon::departure, jalon::actions& out) override {
    std::erase(everyone_, id);
    out.send(everyone_, "somebody has left");
  }

 private:
  std::vector<jalon::connection_id> everyone_;
};

int main(int argc, char* argv[]) {
  return program::run_main([&] {
    const auto options = program::parse_server_options(argc, argv, "jalon length-chat");
    length_chat chat;
    return program::run_server(chat, options, {}, jalon::length_codec(4, 1'000));
  });
}
