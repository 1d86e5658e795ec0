// The whole chat, driven by any bytes, under a witness (tests/support/witnessed_chat.hpp).
//
// The bytes are a program, so that few of them go far: each act is a byte, of which the upper five
// bits say what happens and the lower three to whom of eight clients, and the bytes behind it are
// what the act needs.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "support/witnessed_chat.hpp"

namespace {

// The bytes that are not used yet; zeros when there are no more.
class bytes {
 public:
  bytes(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  std::uint8_t next() {
    const std::string_view first = take(1);
    return first.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(first.front());
  }

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  template <std::size_t Size>
  std::string one_of(const std::array<std::string_view, Size>& list) {
    return std::string(list[next() % Size]);
  }

 private:
  std::string_view rest_;
};

constexpr std::array<std::string_view, 22> requests{
    R"("type":"nick")",        R"("type":"who")",
    R"("type":"whois")",       R"("type":"msg")",
    R"("type":"msgall")",      R"("type":"echo")",
    R"("type":"ping")",        R"("type":"quit")",
    R"("type":"create")",      R"("type":"join")",
    R"("type":"leave")",       R"("type":"channels")",
    R"("type":"members")",     R"("type":"say")",
    R"("type":"file_offer")",  R"("type":"file_accept")",
    R"("type":"file_reject")", R"("type":"file_cancel")",
    R"("type":"dance")",       R"("type":5)",
    R"("type":"\u0000")",      R"("nothing":0)"};

// The first is the one that does what was meant, so that zeros make sense.
constexpr std::array<std::string_view, 8> ids{"",
                                              R"("id":1,)",
                                              R"("id":"x",)",
                                              R"("id":-9223372036854775808,)",
                                              R"("id":"\u0001\"\\\n",)",
                                              R"("id":1.5,)",
                                              R"("id":null,)",
                                              R"("id":[[[[]]]],)"};
constexpr std::array<std::string_view, 10> names{
    R"("a")",  R"("b")", R"("B")",      R"("Al-ice_2")", R"("witness")",
    R"("zz")", R"("9")", R"("server")", R"("\u0000")",   "null"};
constexpr std::array<std::string_view, 6> texts{
    R"("hello")", R"("\t\"\\\u202e")", R"("")", R"("\n")", "5", R"("\ud83d\ude00")"};
constexpr std::array<std::string_view, 6> numbers{"1",   "0", "-1", "1e300", "18446744073709551616",
                                                  "\"\""};

// A request with all the fields that any request has: those of the others are ignored.
std::string request(std::string_view type, bytes& input, const support::witnessed_chat& chat) {
  const std::string name = input.one_of(names);
  std::string line = "{" + input.one_of(ids);
  line.append(type).append(R"(,"nick":)" + name + R"(,"to":)" + name + R"(,"channel":)" + name);
  line += R"(,"text":)" + input.one_of(texts);
  line += R"(,"size":)" + input.one_of(numbers);
  line += R"(,"transfer":")" + chat.transfer(input.next());
  return line + R"(","file":"f","port":80,"token":"t","sha256":")" + std::string(64, 'a') + "\"}\n";
}

// Eight clients, of which each is there or not.
class play {
 public:
  explicit play(bytes input) : input_(input) {}

  void run() {
    // More acts than this show nothing that fewer don't, and take long.
    for (int acts = 0; acts < 100 && !input_.empty(); ++acts) act(input_.next());
  }

 private:
  void act(std::uint8_t code) {
    auto& who = clients_[code % clients_.size()];
    if (!who || !chat_.is_open(*who)) who = chat_.connect();
    const std::size_t what = code / clients_.size();
    if (what < requests.size()) return chat_.send(*who, request(requests[what], input_, chat_));
    switch (what - requests.size()) {
      case 0:
        return chat_.end_input(*who);
      case 1:
        return chat_.disconnect(*who);
      case 2:
        return chat_.deafen(*who);
      case 3:
        return chat_.send(*who, std::string(input_.take(input_.next())) + '\n');
      case 4:
        return chat_.send(*who, input_.take(input_.next()));
      case 5:
        return chat_.send(*who, std::string(65'530 + input_.next() % 16, 'x'));
      default:
        return chat_.send(*who, request(requests[0], input_, chat_));
    }
  }

  bytes input_;
  support::witnessed_chat chat_;
  std::array<std::optional<std::size_t>, 8> clients_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    play(bytes(data, size)).run();
  } catch (const std::exception& violation) {
    std::fprintf(stderr, "%s\n", violation.what());
    std::abort();
  }
  return 0;
}
