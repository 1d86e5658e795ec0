// jalon-tap: a proxy that shows and records the traffic of a server, and injects faults into it.
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>

#include <jalon/line_codec.hpp>
#include <jalon/signal_set.hpp>

#include "check/report.hpp"
#include "common/exit_status.hpp"
#include "common/resources.hpp"
#include "common/sequence.hpp"
#include "messages.hpp"
#include "proxy.hpp"
#include "replay.hpp"

namespace {

using tools::wire_kind;

constexpr std::size_t shown_bytes = 240;

struct command_line {
  std::string listen = "0";
  std::string to;
  std::string dialect;
  std::vector<std::string> up;
  std::vector<std::string> down;
  std::string record;
  std::string replay;
  std::string html;
  std::uint64_t seed = 1;
  double patience = 1;
};

void describe(CLI::App& app, command_line& args) {
  app.add_option("--listen", args.listen, "where clients connect: a port, or HOST:PORT");
  app.add_option("--to", args.to, "the server: a port, or HOST:PORT")->required();
  app.add_option("--dialect", args.dialect, "finds the messages: lines, jsonl, struct, or a file");
  app.add_option("--up", args.up, "faults in what clients send: \"split 3, every 10\"");
  app.add_option("--down", args.down, "faults in what the server sends, likewise");
  app.add_option("--seed", args.seed, "of the random cuts");
  app.add_option("--record", args.record, "writes all events to a file, one per line");
  app.add_option("--replay", args.replay,
                 "replays the clients of a recorded file against the server");
  app.add_option("--patience", args.patience,
                 "after a replay: the seconds that the server may be silent");
  app.add_option("--html", args.html, "at the end, draws the sequence diagram into this file");
  app.footer(
      "split N      at most N bytes a send         delay MS         later by so much\n"
      "random N     1 to N bytes a send            rate N           bytes a second\n"
      "every MS     between one send and the next  stall            nothing, until go\n"
      "join N       wait for N bytes               half-close N     end it after N bytes\n"
      "trickle      a byte every 50 ms             reset N          cut after N bytes\n"
      "go           as it comes                    reset-message N  cut before message N\n\n"
      "While it runs, type `up split 3`, `down stall` or `both go`.");
}

jalon::endpoint parse_endpoint(const std::string& text) {
  if (const auto port = jalon::parse_number<std::uint16_t>(text))
    return jalon::endpoint::loopback(*port);
  const auto found = jalon::endpoint::parse(text);
  if (!found) throw std::runtime_error("neither a port nor HOST:PORT: " + text);
  return *found;
}

std::vector<tools::wire_event> read_story(const std::string& path) {
  std::istringstream lines(tools::read_file(path));
  std::vector<tools::wire_event> story;
  for (std::string line; std::getline(lines, line);) {
    try {
      story.push_back(tools::event_from(nlohmann::json::parse(line)));
    } catch (const nlohmann::json::exception&) {
      throw std::runtime_error(path + ":" + std::to_string(story.size() + 1) + ": no event");
    }
  }
  return story;
}

// Prints the events, writes them to the recording, and keeps them for the diagram.
class event_log {
 public:
  explicit event_log(const command_line& args)
      : dialect_(tools::dialect::load(args.dialect.empty() ? "lines" : args.dialect)),
        shows_messages_(!args.dialect.empty()),
        html_(args.html) {
    if (args.record.empty()) return;
    file_.open(args.record);
    if (!file_) jalon::throw_system_error(errno, "open", args.record);
  }

  void record(std::string_view who, wire_kind kind, std::string_view bytes) {
    const auto& event = events_.events()[events_.add(who, kind, bytes)];
    char time[32];
    std::snprintf(time, sizeof time, "%8.3f s  ", static_cast<double>(event.at.count()) / 1e6);
    std::string text = time + check::sentence_of(event, texts_);
    if (!bytes.empty()) text += ": " + tools::shortened(tools::visible(bytes), shown_bytes);
    text += "\n";
    if (shows_messages_ && !bytes.empty()) {
      for (const auto& summary : finder(who, kind == wire_kind::sent).feed(bytes))
        text += std::string(12, ' ') + texts_.say("tap.message", {{"summary", summary}}) + "\n";
    }
    std::cout << tools::shown(text) << std::flush;
    if (file_.is_open()) file_ << tools::json_line(tools::to_json(event)) << std::flush;
    if (html_.empty()) events_.clear();
  }

  // For the fault `reset-message`. These finders see the bytes when they arrive; the others see
  // them when they are sent.
  std::optional<std::uint64_t> message_offset(std::string_view who, bool up, std::string_view bytes,
                                              std::uint64_t n) {
    auto& input = input_finders_.try_emplace({std::string(who), up}, dialect_).first->second;
    input.feed(bytes);
    return input.begin_of(n);
  }

  void draw() const {
    if (html_.empty()) return;
    const tools::sequence diagram{
        events_.events(),
        dialect_,
        {},
        "1",
        check::diagram_words(texts_),
        [this](const auto& event) { return check::sentence_of(event, texts_); }};
    tools::write_file(html_, tools::shown(tools::page_begin(texts_.say("tap.title")) +
                                          tools::sequence_diagram(diagram) + tools::page_end()));
  }

  const check::catalogue& texts() const { return texts_; }

 private:
  using finders = std::map<std::pair<std::string, bool>, tap::message_finder>;

  tap::message_finder& finder(std::string_view who, bool up) {
    return output_finders_.try_emplace({std::string(who), up}, dialect_).first->second;
  }

  check::catalogue texts_;
  tools::dialect dialect_;
  bool shows_messages_;
  std::string html_;
  std::ofstream file_;
  tools::recording events_;
  finders output_finders_;
  finders input_finders_;
};

// Executes a typed line such as `up split 3`.
void execute(std::string_view line, tap::proxy& proxy) {
  const auto blank = line.find(' ');
  const std::string_view way = line.substr(0, blank);
  const std::string_view spec = blank == line.npos ? "" : line.substr(blank + 1);
  if (way != "up" && way != "down" && way != "both")
    throw std::runtime_error("say up, down or both, and a fault");
  if (way != "down") proxy.inject_faults(true, spec);
  if (way != "up") proxy.inject_faults(false, spec);
}

class keyboard {
 public:
  keyboard(jalon::reactor& loop, tap::proxy& proxy)
      : proxy_(proxy),
        watch_(loop.watch(
            STDIN_FILENO, jalon::io_events::read, [this](jalon::io_events) { read(); },
            "keyboard")) {}

 private:
  void read() {
    const auto room = in_.prepare(1024);
    const auto got = ::read(STDIN_FILENO, room.data(), room.size());
    if (got <= 0) return watch_.drop();  // the keyboard has ended; the proxy goes on
    in_.commit(static_cast<std::size_t>(got));
    while (const auto line = codec_.next(in_)) {
      try {
        if (!line->error && !line->payload.empty()) execute(line->payload, proxy_);
      } catch (const std::runtime_error& error) {
        std::cerr << "jalon-tap: " << tools::shown(error.what()) << "\n";
      }
    }
  }

  tap::proxy& proxy_;
  jalon::buffer in_;
  jalon::line_codec codec_;
  jalon::reactor::watch_type watch_;
};

void run_proxy(const command_line& args, event_log& log) {
  jalon::reactor loop;
  jalon::signal_set signals{SIGINT, SIGTERM};
  const auto stop = loop.watch(
      signals.fd(), jalon::io_events::read, [&](jalon::io_events) { loop.stop(); }, "signals");
  tap::proxy_options options{
      .to = parse_endpoint(args.to),
      .seed = args.seed,
      .on_event = [&](auto who, auto kind, auto bytes) { log.record(who, kind, bytes); },
      .message_offset = nullptr};
  if (!args.dialect.empty())
    options.message_offset = [&](auto who, bool up, auto bytes, auto n) {
      return log.message_offset(who, up, bytes, n);
    };
  const std::string to = options.to.to_string();
  tap::proxy proxy(loop, jalon::listener(parse_endpoint(args.listen)), std::move(options));
  for (const auto& spec : args.up) proxy.inject_faults(true, spec);
  for (const auto& spec : args.down) proxy.inject_faults(false, spec);
  std::cout << log.texts().say("tap.listening", {{"at", proxy.local().to_string()}, {"to", to}})
            << "\n"
            << std::flush;
  const keyboard typed(loop, proxy);
  loop.run();
}

int run(const command_line& args) {
  event_log log(args);
  if (args.replay.empty()) {
    run_proxy(args, log);
  } else {
    tap::replay(read_story(args.replay), parse_endpoint(args.to),
                std::chrono::milliseconds(static_cast<long>(args.patience * 1000)),
                [&](auto who, auto kind, auto bytes) { log.record(who, kind, bytes); });
  }
  log.draw();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "A proxy between clients and a server: shows the traffic, records it, and injects faults.\n\n"
      "  jalon-tap --listen 9000 --to 8080 --up \"split 3\"\n",
      "jalon-tap");
  command_line args;
  describe(app, args);
  try {
    app.parse(argc, argv);
    return run(args);
  } catch (const CLI::Success& request) {
    return app.exit(request);
  } catch (const std::exception& error) {
    std::cerr << "jalon-tap: " << tools::shown(error.what()) << "\n";
    return tools::could_not_run;
  }
}
