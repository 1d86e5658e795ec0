// jalon-tap: shows what goes between clients and a server, records it, and bends it.
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

void describe(CLI::App& app, command_line& said) {
  app.add_option("--listen", said.listen, "where clients connect: a port, or HOST:PORT");
  app.add_option("--to", said.to, "the server: a port, or HOST:PORT")->required();
  app.add_option("--dialect", said.dialect, "finds the messages: lines, jsonl, struct, or a file");
  app.add_option("--up", said.up, "bends what clients say: \"split 3, every 10\"");
  app.add_option("--down", said.down, "bends what the server says, likewise");
  app.add_option("--seed", said.seed, "of the random cuts");
  app.add_option("--record", said.record, "writes all that happens to a file, a line each");
  app.add_option("--replay", said.replay, "plays the clients of a recorded file to the server");
  app.add_option("--patience", said.patience,
                 "after a replay: the seconds that the server may be silent");
  app.add_option("--html", said.html, "at the end, draws the sequence diagram into this file");
  app.footer(
      "split N      at most N bytes a send         delay MS         later by so much\n"
      "random N     1 to N bytes a send            rate N           bytes a second\n"
      "every MS     between one send and the next  stall            nothing, until go\n"
      "join N       wait for N bytes               half-close N     end it after N bytes\n"
      "trickle      a byte every 50 ms             reset N          cut after N bytes\n"
      "go           as it comes                    reset-message N  cut before message N\n\n"
      "While it runs, type `up split 3`, `down stall` or `both go`.");
}

jalon::endpoint place(const std::string& text) {
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

// Shows, records and keeps what happens.
class witness {
 public:
  explicit witness(const command_line& said)
      : speech_(tools::dialect::load(said.dialect.empty() ? "lines" : said.dialect)),
        finds_(!said.dialect.empty()),
        html_(said.html) {
    if (said.record.empty()) return;
    file_.open(said.record);
    if (!file_) jalon::throw_system_error(errno, "open", said.record);
  }

  void told(std::string_view who, wire_kind kind, std::string_view bytes) {
    const auto& event = all_.events()[all_.add(who, kind, bytes)];
    char time[32];
    std::snprintf(time, sizeof time, "%8.3f s  ", static_cast<double>(event.at.count()) / 1e6);
    std::cout << time << check::sentence_of(event, texts_);
    if (!bytes.empty()) std::cout << ": " << tools::shortened(tools::visible(bytes), shown_bytes);
    std::cout << "\n";
    if (finds_ && !bytes.empty()) {
      for (const auto& summary : finder(who, kind == wire_kind::sent).feed(bytes))
        std::cout << std::string(12, ' ') << texts_.say("tap.message", {{"summary", summary}})
                  << "\n";
    }
    std::cout << std::flush;
    if (file_.is_open()) file_ << tools::to_json(event).dump() << "\n" << std::flush;
    if (html_.empty()) all_.forget();
  }

  // For a cut before a message, the bytes are seen as they come.
  std::optional<std::uint64_t> message_begins(std::string_view who, bool up, std::string_view bytes,
                                              std::uint64_t n) {
    auto& one = finders_come_.try_emplace({std::string(who), up}, speech_).first->second;
    one.feed(bytes);
    return one.begin_of(n);
  }

  void draw() const {
    if (html_.empty()) return;
    const tools::sequence what{
        all_.events(), speech_, {}, "1", check::diagram_words(texts_), [this](const auto& event) {
          return check::sentence_of(event, texts_);
        }};
    tools::write_file(html_, tools::page_begin(texts_.say("tap.title")) +
                                 tools::sequence_diagram(what) + tools::page_end());
  }

  const check::catalogue& texts() const { return texts_; }

 private:
  using finders = std::map<std::pair<std::string, bool>, tap::message_finder>;

  tap::message_finder& finder(std::string_view who, bool up) {
    return finders_.try_emplace({std::string(who), up}, speech_).first->second;
  }

  check::catalogue texts_;
  tools::dialect speech_;
  bool finds_;
  std::string html_;
  std::ofstream file_;
  tools::recording all_;
  finders finders_;
  finders finders_come_;
};

// What is typed: `up split 3`.
void obey(std::string_view line, tap::proxy& bent) {
  const auto blank = line.find(' ');
  const std::string_view way = line.substr(0, blank);
  const std::string_view words = blank == line.npos ? "" : line.substr(blank + 1);
  if (way != "up" && way != "down" && way != "both")
    throw std::runtime_error("say up, down or both, and a fault");
  if (way != "down") bent.bend(true, words);
  if (way != "up") bent.bend(false, words);
}

class keyboard {
 public:
  keyboard(jalon::reactor& loop, tap::proxy& bent)
      : bent_(bent),
        watch_(loop.watch(
            STDIN_FILENO, jalon::io_events::read, [this](jalon::io_events) { read(); },
            "keyboard")) {}

 private:
  void read() {
    const auto room = in_.prepare(1024);
    const auto got = ::read(STDIN_FILENO, room.data(), room.size());
    if (got <= 0) return watch_.drop();  // nothing more is typed; the wire goes on
    in_.commit(static_cast<std::size_t>(got));
    while (const auto line = codec_.next(in_)) {
      try {
        if (!line->error && !line->payload.empty()) obey(line->payload, bent_);
      } catch (const std::runtime_error& error) {
        std::cerr << "jalon-tap: " << error.what() << "\n";
      }
    }
  }

  tap::proxy& bent_;
  jalon::buffer in_;
  jalon::line_codec codec_;
  jalon::reactor::watch_type watch_;
};

void run_proxy(const command_line& said, witness& seen) {
  jalon::reactor loop;
  jalon::signal_set signals{SIGINT, SIGTERM};
  const auto stop = loop.watch(
      signals.fd(), jalon::io_events::read, [&](jalon::io_events) { loop.stop(); }, "signals");
  tap::proxy_options options{
      .to = place(said.to),
      .seed = said.seed,
      .told = [&](auto who, auto kind, auto bytes) { seen.told(who, kind, bytes); },
      .message_begins = nullptr};
  if (!said.dialect.empty())
    options.message_begins = [&](auto who, bool up, auto bytes, auto n) {
      return seen.message_begins(who, up, bytes, n);
    };
  const std::string to = options.to.to_string();
  tap::proxy bent(loop, jalon::listener(place(said.listen)), std::move(options));
  for (const auto& words : said.up) bent.bend(true, words);
  for (const auto& words : said.down) bent.bend(false, words);
  std::cout << seen.texts().say("tap.listening", {{"at", bent.local().to_string()}, {"to", to}})
            << "\n"
            << std::flush;
  const keyboard typed(loop, bent);
  loop.run();
}

int run(const command_line& said) {
  witness seen(said);
  if (said.replay.empty()) {
    run_proxy(said, seen);
  } else {
    tap::replay(read_story(said.replay), place(said.to),
                std::chrono::milliseconds(static_cast<long>(said.patience * 1000)),
                [&](auto who, auto kind, auto bytes) { seen.told(who, kind, bytes); });
  }
  seen.draw();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Stands between clients and a server: shows the wire, records it, and bends it.\n\n"
      "  jalon-tap --listen 9000 --to 8080 --up \"split 3\"\n",
      "jalon-tap");
  command_line said;
  describe(app, said);
  try {
    app.parse(argc, argv);
    return run(said);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);
  } catch (const std::exception& error) {
    std::cerr << "jalon-tap: " << error.what() << "\n";
    return tools::could_not_run;
  }
}
