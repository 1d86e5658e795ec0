// The command lines of the example programs, and how their mains end.
#include "program/options.hpp"

#include <signal.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "catch.hpp"
#include "support/resources.hpp"

namespace {

using words = std::vector<const char*>;

program::server_options server(words line) {
  line.insert(line.begin(), "/build/server");
  return program::parse_server_options(static_cast<int>(line.size()), line.data(), "jalon test");
}

program::client_options client(words line,
                               std::initializer_list<program::extra_option> extra = {}) {
  line.insert(line.begin(), "/build/client");
  return program::parse_client_options(static_cast<int>(line.size()), line.data(), "jalon test",
                                       extra);
}

// What a program that parses a line is stopped with.
template <class Stop, class Parse>
std::string stopped(Parse parse, const words& line) {
  try {
    parse(line);
  } catch (const Stop& stop) {
    return stop.what();
  }
  return "not stopped";
}

std::string wrong_server(const words& line) { return stopped<program::usage_error>(server, line); }

void check_has(const std::string& text, const std::string& part) {
  CAPTURE(text, part);
  CHECK(text.find(part) != text.npos);
}

// While it lives, what is written to @p stream is kept.
class captured {
 public:
  explicit captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(kept_.rdbuf())) {}
  captured(const captured&) = delete;
  captured& operator=(const captured&) = delete;
  ~captured() { stream_.rdbuf(before_); }

  std::string text() const { return kept_.str(); }

 private:
  std::ostringstream kept_;
  std::ostream& stream_;
  std::streambuf* before_;
};

}  // namespace

TEST_CASE("A server listens for this machine alone, waits with poll and tells nothing") {
  const auto options = server({"8080"});
  CHECK(options.at.to_string() == "127.0.0.1:8080");
  CHECK_FALSE(options.bind_given);
  CHECK(options.loop == program::loop_kind::poll);
  CHECK_FALSE(options.trace);
  CHECK(options.hard_limit == 8'388'608);
  CHECK(options.limits.stall_timeout == std::chrono::seconds(30));
  CHECK(options.limits.line_timeout == std::chrono::seconds(60));
}

TEST_CASE("A server's options are taken before and after the port") {
  const auto options = server({"--bind", "::1", "0", "--trace", "--hard-limit=1000000"});
  CHECK(options.at.to_string() == "[::1]:0");
  CHECK(options.bind_given);
  CHECK(options.trace);
  CHECK(options.hard_limit == 1'000'000);
}

TEST_CASE("A server's limits are what the command line says, in bytes and in seconds") {
  const auto limits =
      server({"0", "--memory", "1000000", "--stall-timeout=5", "--line-timeout", "7"}).limits;
  CHECK(limits.memory == 1'000'000);
  CHECK(limits.stall_timeout == std::chrono::seconds(5));
  CHECK(limits.line_timeout == std::chrono::seconds(7));
  for (const char* none : {"0", "-1", "1000001", "soon"}) {
    check_has(wrong_server({"0", "--line-timeout", none}), " is no number from 1 to 1000000");
    check_has(wrong_server({"0", "--stall-timeout", none}), " is no number from 1 to 1000000");
  }
  check_has(wrong_server({"0", "--memory", "131071"}), "'131071' is no number from 131072 to ");
}

TEST_CASE("A server says that this machine's address was asked for") {
  CHECK(server({"0", "--bind", "127.0.0.1"}).bind_given);
}

TEST_CASE("A server waits with the loop of this name, or says why it can't") {
#ifdef __linux__
  CHECK(server({"0", "--loop", "epoll"}).loop == program::loop_kind::epoll);
#else
  CHECK(wrong_server({"0", "--loop", "epoll"}) ==
        "server: --loop: only Linux has epoll; see --help");
#endif
#ifdef JALON_EXAMPLES_WITH_ASIO
  CHECK(server({"0", "--loop", "asio"}).loop == program::loop_kind::asio);
#else
  CHECK(wrong_server({"0", "--loop", "asio"}) ==
        "server: --loop: this program was built without Asio; see --help");
#endif
  CHECK(server({"0", "--loop", "poll"}).loop == program::loop_kind::poll);
  CHECK(wrong_server({"0", "--loop", "select"}) ==
        "server: --loop: 'select' is none of poll, epoll, asio; see --help");
}

TEST_CASE("A wrong command line is told by what is wrong with it") {
  CHECK(wrong_server({}) == "server: PORT is required; see --help");
  const std::string no_port = " is no number from 0 to 65535; see --help";
  for (const std::string port : {"80x", "", " 80", "+80", "-1", "0x50", "65536", "http"})
    CHECK(wrong_server({port.c_str()}) == "server: PORT: '" + port + "'" + no_port);
  CHECK(wrong_server({"0", "1"}) ==
        "server: The following argument was not expected: 1; see --help");
  CHECK(wrong_server({"0", "--bind", "localhost"}) ==
        "server: --bind: 'localhost' is no IPv4 or IPv6 address; see --help");
  check_has(wrong_server({"0", "--hard-limit", "131071"}), "'131071' is no number from 131072 to ");
}

TEST_CASE("A client is told where its server is") {
  const auto options = client({"localhost", "8080"});
  CHECK(options.host == "localhost");
  CHECK(options.port == 8080);
  CHECK(
      stopped<program::usage_error>([](const words& line) { client(line); }, {"localhost", "0"}) ==
      "client: PORT: '0' is no number from 1 to 65535; see --help");
}

TEST_CASE("A client may have options of its own, which keep their value if they are left out") {
  std::string inbox = "inbox";
  const program::extra_option extra{"--inbox", "DIR", "where files go", inbox};
  client({"localhost", "8080"}, {extra});
  CHECK(inbox == "inbox");
  client({"localhost", "8080", "--inbox", "somewhere"}, {extra});
  CHECK(inbox == "somewhere");
}

TEST_CASE("The help names every option, the version is the project's") {
  const std::string help = stopped<program::text_request>(server, {"--help"});
  for (const std::string name :
       {"PORT", "--bind", "--loop", "--trace", "--hard-limit", "--help", "--version"})
    check_has(help, name);
  CHECK(stopped<program::text_request>(server, {"--version"}) == "jalon test 0.1.0\n");
  std::ifstream file(JALON_SOURCE_DIR "/CMakeLists.txt");
  const std::string project{std::istreambuf_iterator<char>(file), {}};
  check_has(project, "VERSION " + std::string(program::version) + " ");
  CHECK(program::server_name() == "jalon 0.1.0");
}

TEST_CASE("A main ends with one line and the status of what went wrong") {
  const captured output(std::cout);
  const captured errors(std::cerr);
  const support::caught_signal pipe_by_default(SIGPIPE, SIG_DFL);
  const support::caught_signal size_by_default(SIGXFSZ, SIG_DFL);
  CHECK(program::run_main([] { return 7; }) == 7);
  CHECK(support::disposition(SIGPIPE) == SIG_IGN);
  CHECK(support::disposition(SIGXFSZ) == SIG_IGN);
  CHECK(errors.text().empty());
  CHECK(program::run_main([]() -> int { throw program::usage_error("what\nis wrong"); }) == 2);
  CHECK(errors.text() == "what\uFFFDis wrong\n");
  CHECK(program::run_main([]() -> int { throw std::runtime_error("it failed"); }) == 1);
  CHECK(errors.text() == "what\uFFFDis wrong\nit failed\n");
  CHECK(output.text().empty());
  CHECK(program::run_main([]() -> int { throw program::text_request("the help\n"); }) == 0);
  CHECK(output.text() == "the help\n");
}
