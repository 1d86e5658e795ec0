// A user's program between any user and any server: what it shows is one harmless line of bounded
// length, its prompt consists of names, what it sends is one message, no server can make it send
// more than a few requests for a typed line, and it never throws.
//
// The bytes are lines. The first character of each says what it is:
//     >TEXT    the user types TEXT
//     <TEXT    the server says TEXT; each @ in it stands for the id of the last request
//     .        the user's input ends
// Other lines are passed over. No file moves: the loop never turns, and the inbox can't be made.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <jalon/printable.hpp>
#include <jalon/reactor.hpp>
#include <jalon/utf8.hpp>

#include "02-users/commands.hpp"
#include "03-channels/commands.hpp"
#include "04-files/commands.hpp"
#include "chat/client_core.hpp"
#include "chat/session_commands.hpp"
#include "expect.hpp"

namespace {

// The client of milestone 4, and somebody who looks at all that it does.
class watched_client {
 public:
  void type(std::string_view line) {
    if (names_a_path(line)) return;
    ++typed_lines_;
    core_.typed(line);
  }

  void receive(std::string line) {
    for (auto at = line.find('@'); at != line.npos; at = line.find('@', at + 1))
      line.replace(at, 1, std::to_string(last_id_));
    const auto object = reader_.read(line);
    if (object && jalon::read_head(*object).id == jalon::message_id{asked_}) is_answered_ = true;
    core_.received(line);
  }

  void end_input() { core_.end_of_input(); }

 private:
  // No fuzzer is to open whatever there is.
  static bool names_a_path(std::string_view line) {
    return line.starts_with("/send") && line.find('/', 1) != line.npos;
  }

  // A question: `Accept from alice: notes.txt? [Y/N] `, with a bounded name of the file.
  static void look_at_question(std::string_view text) {
    expect(text.size() <= 160, "a question of bounded length", text);
    const std::string_view verb = text.starts_with("Send") ? "Send to " : "Accept from ";
    expect(text.starts_with(verb), "a question in the prompt", text);
    const auto nick = text.substr(verb.size(), text.find(':') - verb.size());
    expect(chat::is_nick(nick), "a nick in the question", text);
  }

  // `alice> ` or `alice[room]> `; before there is a nick, `> ` or `[room]> `.
  static void look_at_prompt(std::string_view text) {
    if (text.ends_with("? [Y/N] ")) return look_at_question(text);
    expect(text.ends_with("> "), "a prompt", text);
    std::string_view nick = text.substr(0, text.size() - 2);
    if (const auto bracket = nick.find('['); bracket != nick.npos) {
      expect(nick.ends_with(']'), "a bracket behind the channel", text);
      const auto channel = nick.substr(bracket + 1, nick.size() - bracket - 2);
      expect(chat::is_name(channel), "a channel in the prompt", text);
      nick = nick.substr(0, bracket);
    }
    expect(nick.empty() || chat::is_nick(nick), "a nick in the prompt", text);
  }

  void look_at(std::string_view text) {
    expect(text.size() <= (std::size_t{16} << 10) + 4, "a line of bounded length", text);
    std::string shown = jalon::printable(text);
    expect(jalon::is_utf8(shown), "UTF-8", shown);
    for (std::string_view rest = shown; !rest.empty();) {
      const auto [code_point, length] = jalon::decode_utf8(rest);
      expect(!jalon::is_deceptive(code_point), "no character that deceives", shown);
      rest.remove_prefix(length);
    }
  }

  void look_at_sent(std::string_view line) {
    expect(!finished_, "nothing after the end", line);
    expect(line.size() + 1 <= chat::max_line, "a line within the bound", line);
    expect(line.find('\n') == line.npos, "one line", line);
    const auto object = reader_.read(line);
    expect(object.has_value(), "a JSON object", line);
    expect(jalon::read_head(*object).type.has_value(), "a type", line);
    expect(jalon::read_head(*object).id == jalon::message_id{++last_id_}, "the next id", line);
    // The client refuses offers by itself while many wait, whatever else it is waiting for.
    if (jalon::read_head(*object).type == chat::file_reject::type) return;
    expect(++requests_ <= most_requests * typed_lines_, "few requests for a typed line", line);
    expect(is_answered_, "one request after the other", line);
    is_answered_ = false;
    asked_ = last_id_;
  }

  void finish() {
    expect(!finished_, "one end", "a second");
    finished_ = true;
  }

  static constexpr std::uint64_t most_requests = 64;  // for a list that comes in pages

  jalon::json_reader reader_;
  std::uint64_t last_id_ = 0;
  std::uint64_t requests_ = 0;  // that typed lines have led to
  std::uint64_t typed_lines_ = 0;
  std::uint64_t asked_ = 0;  // the id of the last request that typed lines wait for
  bool is_answered_ = true;
  bool finished_ = false;
  jalon::reactor loop_;
  chat::client_core core_{{[this](std::string_view line) { look_at_sent(line); },
                           [this](std::string_view text, program::look) { look_at(text); },
                           [](std::string_view text) { look_at_prompt(text); }, [](bool) {},
                           [this] { finish(); }}};
  chat::session_commands session_{core_};
  chat::user_commands users_{core_};
  chat::channel_commands channels_{core_};
  chat::file_commands files_{loop_,
                             core_,
                             transfer::inbox("/dev/null/inbox"),
                             {jalon::endpoint::loopback(0), jalon::endpoint::loopback(1), {}, {}}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  watched_client client;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(line.size() < rest.size() ? line.size() + 1 : line.size());
    if (line.starts_with('>')) client.type(line.substr(1));
    if (line.starts_with('<')) client.receive(std::string(line.substr(1)));
    if (line == ".") client.end_input();
  }
  return 0;
}
