// The console of a terminal that edits the line itself, at a pseudo-terminal.
#include "program/simple_console.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/reactor.hpp>
#include <jalon/unique_fd.hpp>

#include "catch.hpp"
#include "support/loops.hpp"

namespace {

using lines = std::vector<std::string>;

constexpr std::size_t columns = 30;

// What a terminal shows of what it is sent: a full row wraps when the next character comes, as with
// xterm. A letter that is not ASCII is shown as `?`; blanks at the end of a row are left out.
lines screen(std::string_view sent) {
  lines rows{""};
  std::size_t column = 0;
  while (!sent.empty()) {
    const auto c = static_cast<unsigned char>(sent.front());
    const bool clears = sent.starts_with("\033[K");
    sent.remove_prefix(clears ? 3 : 1);
    if (clears) {
      rows.back().resize(column);
    } else if (c == '\r') {
      column = 0;
    } else if (c == '\b') {
      --column;
    } else if (c == '\n') {
      rows.emplace_back(column, ' ');
    } else if ((c & 0xC0U) != 0x80U) {  // in UTF-8, the first byte of a character
      if (column == columns) {
        rows.emplace_back();
        column = 0;
      }
      if (column == rows.back().size()) rows.back() += ' ';
      rows.back()[column++] = c < 0x80 ? static_cast<char>(c) : '?';
    }
  }
  for (std::string& row : rows) row.erase(row.find_last_not_of(' ') + 1);
  return rows;
}

// A console at a terminal of our own.
struct scene {
  jalon::reactor loop;
  jalon::unique_fd user{::posix_openpt(O_RDWR | O_NOCTTY)};
  jalon::unique_fd terminal = open_terminal();
  jalon::reactor::watch_type watch = loop.watch(
      user.get(), jalon::io_events::read, [this](jalon::io_events) { receive(); }, "user");
  std::string sent;  // to the terminal
  lines typed;       // what the console told; "<end>" for the end
  std::optional<program::simple_console> console;

  explicit scene(const char* kind = "xterm") {
    ::setenv("TERM", kind, 1);
    console.emplace(loop, handlers(), terminal.get(), terminal.get());
    shows({">"});
  }

  jalon::unique_fd open_terminal() const {
    REQUIRE(::grantpt(user.get()) == 0);
    REQUIRE(::unlockpt(user.get()) == 0);
    jalon::unique_fd opened(::open(::ptsname(user.get()), O_RDWR | O_NOCTTY));
    const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(::ioctl(opened.get(), TIOCSWINSZ, &size) == 0);
    return opened;
  }

  program::console_handlers handlers() {
    return {.line = [this](std::string_view line) { typed.emplace_back(line); },
            .end = [this] { typed.emplace_back("<end>"); }};
  }

  void type(std::string_view keys) const {
    REQUIRE(::write(user.get(), keys.data(), keys.size()) == std::ssize(keys));
  }

  void message(std::string_view text) { console->show(text, program::look::message); }

  // The system passes on what is typed and shown when it likes; this waits for it.
  void until(const std::function<bool()>& reached) {
    const bool is_reached = support::run_until(*this, reached);
    CAPTURE(screen(sent), typed);
    REQUIRE(is_reached);
  }

  void receive() {
    char bytes[4'096];
    const ssize_t got = ::read(user.get(), bytes, sizeof bytes);
    if (got > 0) sent.append(bytes, static_cast<std::size_t>(got));
  }

  void shows(const lines& due) {
    until([&] { return screen(sent) == due; });
  }

  void tells(const lines& due) {
    until([&] { return typed == due; });
  }
};

}  // namespace

TEST_CASE("A line comes as the terminal has edited it") {
  scene scene;
  scene.type("\n");
  scene.shows({">", ">"});
  scene.type("wrong\025half w\177a wrong\027li\n");  // Ctrl-U, Backspace, Ctrl-W
  scene.shows({">", "> half a li", ">"});
  CHECK(scene.typed == lines{"", "half a li"});
}

TEST_CASE("A message takes the place of a prompt that nothing has been typed behind") {
  scene scene;
  scene.message("[bob] : hello");
  scene.message("[bob] : are you there?");
  scene.shows({"[bob] : hello", "[bob] : are you there?", ">"});
}

TEST_CASE("A message in the middle of a line begins a row of its own, and the line loses nothing") {
  scene scene;
  scene.type("half a li");
  scene.shows({"> half a li"});
  scene.message("[bob] : hello");
  scene.shows({"> half a li", "[bob] : hello", ">"});
  scene.type("ne\n");
  scene.tells({"half a line"});
  scene.shows({"> half a li", "[bob] : hello", "> ne", ">"});
}

TEST_CASE("One letter is enough for a row of its own, and so are several rows of them") {
  scene scene;
  const std::string text =
      GENERATE(std::string(1, 'x'), std::string(28, 'x'), std::string(40, 'x'));
  scene.type(text);
  lines rows{("> " + text).substr(0, columns)};
  if (text.size() > 28) rows.push_back(text.substr(28));
  scene.shows(rows);
  scene.message("[bob] : hello");
  rows.insert(rows.end(), {"[bob] : hello", ">"});
  scene.shows(rows);
  scene.type("\n");
  scene.tells({text});
}

TEST_CASE("Another prompt takes the place of the one before") {
  scene scene;
  scene.console->prompt("alice> ");
  scene.shows({"alice>"});
  scene.console->prompt("zoë[room]> ");
  scene.shows({"zo?[room]>"});
  scene.message("[bob] : hello");
  scene.shows({"[bob] : hello", "zo?[room]>"});
}

TEST_CASE("A prompt as wide as the terminal is left where it is") {
  scene scene;
  scene.console->prompt(std::string(columns, 'a'));
  scene.shows({std::string(columns, 'a')});
  scene.message("[bob] : hello");
  scene.shows({std::string(columns, 'a'), "[bob] : hello", std::string(columns, 'a')});
}

TEST_CASE("A terminal that can't move its cursor is sent plain text") {
  scene scene("dumb");
  scene.type("half a li");
  scene.shows({"> half a li"});
  scene.message("[bob] : hello");
  scene.shows({"> half a li", "[bob] : hello", ">"});
  CHECK(scene.sent == "> half a li\r\n[bob] : hello\r\n> ");
}

TEST_CASE("Nothing in a message or a prompt moves the cursor") {
  scene scene;
  scene.console->prompt("\033[2J> ");
  scene.message("\033[2Jtwo\nlines");
  scene.shows({"?[2Jtwo?lines", "?[2J>"});
}

TEST_CASE("Ctrl-D ends the input, once, and what still comes is shown without a prompt") {
  scene scene;
  scene.type("question\n\004");
  scene.tells({"question", "<end>"});
  scene.message("answer");
  scene.shows({"> question", "answer", ""});
}

TEST_CASE("What is typed while it is paused is seen at once, and told later") {
  scene scene;
  scene.console->pause(true);
  scene.type("one\ntwo\n");
  scene.shows({"> one", "two", ""});
  CHECK(scene.typed.empty());
  scene.console->pause(false);
  scene.tells({"one", "two"});
}

TEST_CASE("It leaves the cursor at the start of a row, and the terminal's settings as they were") {
  scene scene;
  termios before{};
  termios after{};
  REQUIRE(::tcgetattr(scene.terminal.get(), &before) == 0);
  scene.type("half a li");
  scene.shows({"> half a li"});
  CHECK(::tcgetattr(scene.terminal.get(), &after) == 0);
  CHECK(before.c_lflag == after.c_lflag);
  CHECK(before.c_iflag == after.c_iflag);
  scene.console.reset();
  scene.shows({"> half a li", ""});
}
