// jalon-tap: a proxy that shows and records the traffic of a server, and injects faults into it.
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iostream>

#include <CLI/CLI.hpp>

#include <jalon/line_codec.hpp>
#include <jalon/resolve.hpp>
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
  app.add_option("--listen", args.listen,
                 "where clients connect: a port, HOST:PORT or [IPV6]:PORT");
  app.add_option("--to", args.to, "the server: a port, HOST:PORT or [IPV6]:PORT")->required();
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

// The endpoints that a port, an address or a host name stands for, in the order to try them.
std::vector<jalon::endpoint> endpoints_of(const std::string& text) {
  if (const auto port = jalon::parse_number<std::uint16_t>(text))
    return {jalon::endpoint::loopback(*port)};
  if (const auto address = jalon::endpoint::parse(text)) return {*address};
  const auto colon = text.find(':');
  if (colon == 0 || colon == text.npos ||
      !jalon::parse_number<std::uint16_t>(std::string_view(text).substr(colon + 1)))
    throw std::runtime_error("neither a port nor HOST:PORT nor [IPV6]:PORT: " + text);
  return jalon::resolve(text.substr(0, colon), text.substr(colon + 1));
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
        html_(args.html),
        record_(args.record) {
    if (record_.empty()) return;
    file_.open(record_);
    if (!file_) jalon::throw_system_error(errno, "open", record_);
  }

  // @throws std::system_error if the event cannot be written: a recording with gaps is none
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
    tools::write_file("-", tools::shown(text));
    if (file_.is_open()) write_to_recording(tools::json_line(tools::to_json(event)));
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

  void write_to_recording(const std::string& line) {
    if (!(file_ << line << std::flush)) jalon::throw_system_error(errno, "write", record_);
  }

  tap::message_finder& finder(std::string_view who, bool up) {
    return output_finders_.try_emplace({std::string(who), up}, dialect_).first->second;
  }

  check::catalogue texts_;
  tools::dialect dialect_;
  bool shows_messages_;
  std::string html_;
  std::string record_;
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

// Reads what is typed while the tap runs in the foreground of its terminal.
class keyboard {
 public:
  keyboard(jalon::reactor& loop, tap::proxy& proxy)
      : loop_(loop),
        proxy_(proxy),
        watch_(loop.watch(
            STDIN_FILENO, jalon::io_events::read, [this](jalon::io_events) { read(); },
            "keyboard")) {}

 private:
  void read() {
    const auto room = in_.prepare(1024);
    const auto got = ::read(STDIN_FILENO, room.data(), room.size());
    // With SIGTTIN ignored, this is the error in the background: the input is the shell's.
    if (got == -1 && errno == EIO) return read_later();
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

  // There is no event for the return to the foreground.
  void read_later() {
    watch_.set_interest(jalon::io_events::none);
    timer_ = loop_.at(loop_.now() + std::chrono::milliseconds(200),
                      [this] { watch_.set_interest(jalon::io_events::read); });
  }

  jalon::reactor& loop_;
  tap::proxy& proxy_;
  jalon::buffer in_;
  jalon::line_codec codec_;
  jalon::reactor::watch_type watch_;
  jalon::reactor::timer_type timer_;
};

void run_proxy(const command_line& args, event_log& log) {
  jalon::reactor loop;
  jalon::signal_set signals{SIGINT, SIGTERM};
  const auto stop = loop.watch(
      signals.fd(), jalon::io_events::read, [&](jalon::io_events) { loop.stop(); }, "signals");
  tap::proxy_options options{
      .to = endpoints_of(args.to),
      .seed = args.seed,
      .on_event = [&](auto who, auto kind, auto bytes) { log.record(who, kind, bytes); },
      .message_offset = nullptr};
  if (!args.dialect.empty())
    options.message_offset = [&](auto who, bool up, auto bytes, auto n) {
      return log.message_offset(who, up, bytes, n);
    };
  const std::string to = options.to.size() == 1 ? options.to.front().to_string() : args.to;
  tap::proxy proxy(loop, jalon::listener(endpoints_of(args.listen).front()), std::move(options));
  for (const auto& spec : args.up) proxy.inject_faults(true, spec);
  for (const auto& spec : args.down) proxy.inject_faults(false, spec);
  const tools::arguments ends{{"at", proxy.local().to_string()}, {"to", tools::visible(to)}};
  tools::write_file("-", log.texts().say("tap.listening", ends) + "\n");
  const keyboard typed(loop, proxy);
  loop.run();
}

// In the background of a terminal, reading it or writing to it would stop the tap and all its
// clients.
void ignore_stops_by_terminal() {
  std::signal(SIGTTIN, SIG_IGN);
  std::signal(SIGTTOU, SIG_IGN);
}

int run(const command_line& args) {
  ignore_stops_by_terminal();
  event_log log(args);
  if (args.replay.empty()) {
    run_proxy(args, log);
  } else {
    tap::replay(read_story(args.replay), endpoints_of(args.to),
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
    return tools::status_after_output("jalon-tap", app.exit(request));
  } catch (const std::exception& error) {
    std::cerr << "jalon-tap: " << tools::shown(error.what()) << "\n";
    return tools::could_not_run;
  }
}
