// The console at pipes and files. At a terminal: terminal_test.py.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <jalon/reactor.hpp>
#include <jalon/unique_fd.hpp>

#include "catch.hpp"
#include "program/pipe_console.hpp"
#include "support/resources.hpp"

namespace {

using lines = std::vector<std::string>;

// A console between two pipes, or with another input.
struct console_scene {
  jalon::reactor loop;
  jalon::pipe_ends input = jalon::make_pipe();
  jalon::pipe_ends output = jalon::make_pipe();
  lines typed;  // what the console told; "<end>" for the end
  program::pipe_console console;

  explicit console_scene(int other_input = -1)
      : console(loop, handlers(), other_input == -1 ? input.read.get() : other_input,
                output.write.get()) {}

  program::console_handlers handlers() {
    return {.line = [this](std::string_view line) { typed.emplace_back(line); },
            .end = [this] { typed.emplace_back("<end>"); }};
  }

  void type(std::string_view bytes) {
    REQUIRE(::write(input.write.get(), bytes.data(), bytes.size()) == std::ssize(bytes));
    turn();
  }

  void end_input() {
    input.write.reset();
    turn();
  }

  void turn() { loop.run_once(std::chrono::milliseconds(0)); }

  std::string shown() const {
    std::string bytes(4'096, '\0');
    const ssize_t got = ::read(output.read.get(), bytes.data(), bytes.size());
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
};

}  // namespace

TEST_CASE("Lines are told as they come, in whatever pieces") {
  console_scene scene;
  scene.type("hel");
  CHECK(scene.typed.empty());
  scene.type("lo\nsecond\r\n\nthi");
  CHECK(scene.typed == lines{"hello", "second", ""});
}

TEST_CASE("The last line counts without its end, and the end is told once") {
  console_scene scene;
  scene.type("one\ntwo");
  scene.end_input();
  scene.turn();
  CHECK(scene.typed == lines{"one", "two", "<end>"});
  CHECK(scene.loop.watches() == 0);
}

TEST_CASE("An input without anything in it is at its end") {
  const jalon::unique_fd nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  console_scene scene(nothing.get());
  scene.turn();
  CHECK(scene.typed == lines{"<end>"});
}

TEST_CASE("An input that can't be read is at its end") {
  const jalon::unique_fd folder(::open("/", O_RDONLY | O_CLOEXEC));
  console_scene scene(folder.get());
  scene.turn();
  CHECK(scene.typed == lines{"<end>"});
}

TEST_CASE("A file is read to its end, a piece in each turn") {
  const support::temporary_folder folder;
  const std::string long_line(40'000, 'x');
  std::ofstream(folder / "lines") << long_line << "\nlast";
  const jalon::unique_fd file(::open((folder / "lines").c_str(), O_RDONLY | O_CLOEXEC));
  console_scene scene(file.get());
  scene.turn();
  CHECK(scene.typed.empty());
  for (int turns = 0; turns < 10; ++turns) scene.turn();
  CHECK(scene.typed == lines{long_line, "last", "<end>"});
}

TEST_CASE("A line that is too long is left out, the user is told, and the next one counts") {
  console_scene scene;
  for (int pieces = 0; pieces < 20; ++pieces) scene.type(std::string(4'000, 'x'));
  scene.type("\nnext\n");
  for (int turns = 0; turns < 10; ++turns) scene.turn();
  CHECK(scene.typed == lines{"next"});
  CHECK(scene.shown() == "this line is too long; it is left out\n");
}

TEST_CASE("While it is paused nothing is told, and then all of it") {
  console_scene scene;
  scene.console.pause(true);
  scene.type("one\ntwo\n");
  CHECK(scene.typed.empty());
  scene.console.pause(false);
  scene.turn();
  CHECK(scene.typed == lines{"one", "two"});
}

TEST_CASE("A handler can pause it between two lines that came together") {
  console_scene scene;
  program::console_handlers called = scene.handlers();
  const auto tell = called.line;
  const jalon::pipe_ends input = jalon::make_pipe();
  program::pipe_console* console = nullptr;
  called.line = [&](std::string_view line) {
    tell(line);
    console->pause(true);
  };
  program::pipe_console pausing(scene.loop, called, input.read.get(), scene.output.write.get());
  console = &pausing;
  REQUIRE(::write(input.write.get(), "one\ntwo\n", 8) == 8);
  scene.turn();
  CHECK(scene.typed == lines{"one"});
  pausing.pause(false);
  CHECK(scene.typed == lines{"one", "two"});
}

TEST_CASE("What is shown goes out at once, and nothing in it moves the cursor") {
  console_scene scene;
  scene.console.show("salut à tous", program::look::plain);
  CHECK(scene.shown() == "salut à tous\n");
  scene.console.show("\033[2Jtwo\nlines", program::look::failure);
  CHECK(scene.shown() == "\uFFFD[2Jtwo\uFFFDlines\n");
}

TEST_CASE("A prompt and a progress line are for terminals") {
  console_scene scene;
  scene.console.prompt("alice> ");
  scene.console.progress("42 %");
  CHECK(scene.shown().empty());
}

TEST_CASE("An output that nobody reads is an error") {
  const support::caught_signal ignored(SIGPIPE, SIG_IGN);
  console_scene scene;
  scene.output.read.reset();
  CHECK_THROWS_AS(scene.console.show("hello", program::look::plain), std::system_error);
}

TEST_CASE("The input's flags stay as they are: other programs share the open file") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const jalon::unique_fd input(ends[0]);
  const jalon::unique_fd keyboard(ends[1]);
  const int before = ::fcntl(input.get(), F_GETFL);
  console_scene scene(input.get());
  REQUIRE(::write(keyboard.get(), "hello\n", 6) == 6);
  scene.turn();
  CHECK(scene.typed == lines{"hello"});
  CHECK(::fcntl(input.get(), F_GETFL) == before);
}
