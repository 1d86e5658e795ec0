// Parses command lines with CLI11. No other file includes it.
#include "options.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <limits>
#include <utility>

#include <CLI/CLI.hpp>

namespace program {

namespace {

// Two lines of the greatest length. With less, one long answer could disconnect a client that
// reads.
constexpr std::size_t least_hard_limit = std::size_t{2} * 65'536;

// Parses the command line with the options of @p app, and converts the exceptions of CLI11.
void parse(CLI::App& app, int argc, const char* const* argv) try {
  app.set_version_flag("--version", app.get_description() + ' ' + std::string(version),
                       "Print the version");
  app.set_help_flag("--help", "Print this text");
  app.parse(argc, argv);
} catch (const CLI::CallForHelp&) {
  throw text_request(app.help());
} catch (const CLI::CallForVersion& asked) {
  throw text_request(asked.what() + std::string("\n"));
} catch (const CLI::ParseError& wrong) {
  throw usage_error(app.get_name() + ": " + wrong.what() + "; see --help");
}

CLI::App app_for(const char* const* argv, const std::string& name) {
  return CLI::App(name, std::filesystem::path(argv[0]).filename().string());
}

// Adds an option whose value is parsed by @p read, a function of `const std::string&` that may
// throw `CLI::ValidationError`. The conversions of CLI11 accept `0x50` as a port and `-1` as a
// size.
template <class Read>
CLI::Option* add(CLI::App& app, const std::string& name, const std::string& value, Read read,
                 const std::string& help) {
  return app.add_option_function<std::string>(name, read, help)->type_name(value);
}

template <class Number>
auto number(std::string name, Number& into, Number least, Number most) {
  return [=, &into](const std::string& given) {
    const auto read = jalon::parse_number<Number>(given);
    if (!read || *read < least || *read > most) {
      throw CLI::ValidationError(name, '\'' + given + "' is no number from " +
                                           std::to_string(least) + " to " + std::to_string(most));
    }
    into = *read;
  };
}

auto seconds(const std::string& name, std::chrono::milliseconds& into) {
  constexpr std::int64_t most = 1'000'000;  // eleven days
  return [=, &into](const std::string& given) {
    std::int64_t count = 0;
    number<std::int64_t>(name, count, 1, most)(given);
    into = std::chrono::seconds(count);
  };
}

auto address(std::string& into) {
  return [&into](const std::string& given) {
    if (!jalon::endpoint::ip(given, 0))
      throw CLI::ValidationError("--bind", '\'' + given + "' is no IPv4 or IPv6 address");
    into = given;
  };
}

// A loop, its name, and the reason why this program does not have it, if so.
struct loop_choice {
  std::string_view name;
  loop_kind kind;
  std::string_view missing = {};
};

constexpr std::array loop_choices{
    loop_choice{"poll", loop_kind::poll},
#ifdef __linux__
    loop_choice{"epoll", loop_kind::epoll},
#else
    loop_choice{"epoll", loop_kind::epoll, "only Linux has epoll"},
#endif
#ifdef JALON_EXAMPLES_WITH_ASIO
    loop_choice{"asio", loop_kind::asio},
#else
    loop_choice{"asio", loop_kind::asio, "this program was built without Asio"},
#endif
};

auto loop(loop_kind& into) {
  return [&into](const std::string& given) {
    const auto* const found =
        std::find_if(loop_choices.begin(), loop_choices.end(),
                     [&](const auto& choice) { return choice.name == given; });
    if (found == loop_choices.end())
      throw CLI::ValidationError("--loop", '\'' + given + "' is none of poll, epoll, asio");
    if (!found->missing.empty()) throw CLI::ValidationError("--loop", std::string(found->missing));
    into = found->kind;
  };
}

void add_all(CLI::App& app, std::initializer_list<number_option> extras) {
  for (const number_option& extra : extras) {
    add(app, extra.name, extra.value, number(extra.name, extra.into, extra.least, extra.most),
        extra.help);
  }
}

}  // namespace

std::size_t server_limits::default_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_size = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page_size <= 0) return std::numeric_limits<std::size_t>::max();  // not known
  return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_size) / 4;
}

server_limits server_limits::none() {
  return {.memory = std::numeric_limits<std::size_t>::max(),
          .stall_timeout = std::chrono::milliseconds::max(),
          .line_timeout = std::chrono::milliseconds::max()};
}

server_options parse_server_options(int argc, const char* const* argv, const std::string& name,
                                    std::initializer_list<number_option> extras) {
  server_options options;
  std::uint16_t port = 0;
  std::string bind = "127.0.0.1";
  auto app = app_for(argv, name);
  add(app, "PORT", "", number<std::uint16_t>("PORT", port, 0, 65'535),
      "Where to listen; 0 takes a free port")
      ->required();
  const auto* const bind_option =
      add(app, "--bind", "ADDRESS", address(bind),
          "Whose connections to take: 127.0.0.1, this machine's, if left out; 0.0.0.0 or :: "
          "everybody's");
  add(app, "--loop", "poll|epoll|asio", loop(options.loop), "What to wait with; poll if left out");
  app.add_flag("--trace", options.trace, "Tell on standard error what each turn of the loop does");
  add(app, "--hard-limit", "BYTES",
      number("--hard-limit", options.hard_limit, least_hard_limit,
             std::numeric_limits<std::size_t>::max()),
      "How much may wait for a client that does not read; then it is closed; 8 MiB if left out");
  server_limits& limits = options.limits;
  add(app, "--memory", "BYTES",
      number("--memory", limits.memory, least_hard_limit, std::numeric_limits<std::size_t>::max()),
      "How much memory all clients together may hold; then those that hold the most are closed; a "
      "quarter of the machine's if left out");
  add(app, "--stall-timeout", "SECONDS", seconds("--stall-timeout", limits.stall_timeout),
      "How long a client may accept nothing of what waits for it; 30 if left out");
  add(app, "--line-timeout", "SECONDS", seconds("--line-timeout", limits.line_timeout),
      "How long a line that is begun may take; 60 if left out");
  add_all(app, extras);
  app.add_flag("--no-limits", options.no_limits,
               "Switch off all limits but --hard-limit, whatever the other options say");
  parse(app, argc, argv);
  if (options.no_limits) limits = server_limits::none();
  options.at = jalon::endpoint::ip(bind, port).value();
  options.bind_given = !bind_option->empty();
  return options;
}

client_options parse_client_options(int argc, const char* const* argv, const std::string& name,
                                    std::initializer_list<extra_option> extras,
                                    std::initializer_list<number_option> numbers) {
  client_options options;
  auto app = app_for(argv, name);
  app.add_option("HOST", options.host, "The server's name or address")->required()->type_name("");
  add(app, "PORT", "", number<std::uint16_t>("PORT", options.port, 1, 65'535), "Its port")
      ->required();
  for (const extra_option& extra : extras)
    app.add_option(extra.name, extra.into, extra.help)->type_name(extra.value);
  add_all(app, numbers);
  parse(app, argc, argv);
  return options;
}

}  // namespace program
