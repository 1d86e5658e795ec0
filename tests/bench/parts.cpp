// What the parts of the toolkit cost, one by one, by Google Benchmark: `parts`.
//
// A message of the chat with a text of 100 bytes is what all of them are fed, so that the figures
// can be added up to what a delivery costs.

#include <rapidjson/document.h>

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <nlohmann/json.hpp>

#include <jalon.hpp>
#include <jalon/json_message.hpp>
#include <jalon/nlohmann_reader.hpp>
#include <jalon/simdjson_reader.hpp>

#include "03-channels/messages.hpp"

namespace {

using benchmark::State;

const std::string text(100, 'x');
const std::string line = R"({"type":"say","channel":"bench","text":")" + text + "\"}";
constexpr int lines_a_turn = 64;

void fill(jalon::buffer& into, std::string_view bytes) {
  bytes.copy(into.prepare(bytes.size()).data(), bytes.size());
  into.commit(bytes.size());
}

void finds_64_lines(State& state) {
  std::string bytes;
  for (int n = 0; n < lines_a_turn; ++n) jalon::line_codec::encode(line, bytes);
  jalon::line_codec codec;
  jalon::buffer in;
  while (state.KeepRunning()) {
    fill(in, bytes);
    while (auto found = codec.next(in)) benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations() * lines_a_turn);
}
BENCHMARK(finds_64_lines);

void finds_64_with_a_length(State& state) {
  jalon::length_codec codec(2, 65'535);
  std::string bytes;
  for (int n = 0; n < lines_a_turn; ++n) codec.encode(line, bytes);
  jalon::buffer in;
  while (state.KeepRunning()) {
    fill(in, bytes);
    while (auto found = codec.next(in)) benchmark::DoNotOptimize(found);
  }
  state.SetItemsProcessed(state.iterations() * lines_a_turn);
}
BENCHMARK(finds_64_with_a_length);

template <class Reader>
void reads_json(State& state) {
  Reader reader;
  while (state.KeepRunning()) {
    const auto object = reader.read(line);
    chat::say said;
    benchmark::DoNotOptimize(jalon::read_message(*object, said));
    benchmark::DoNotOptimize(said);
  }
}
BENCHMARK(reads_json<jalon::simdjson_reader>);
BENCHMARK(reads_json<jalon::nlohmann_reader>);

// What other ways would change: the same line to the same struct, by RapidJSON, and by a tree of
// nlohmann/json. They check UTF-8 too, but no kinds.
void reads_json_with_rapidjson(State& state) {
  while (state.KeepRunning()) {
    rapidjson::Document object;
    object.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    const auto value = [&](const char* name) {
      const auto& found = object.FindMember(name)->value;
      return std::string_view(found.GetString(), found.GetStringLength());
    };
    benchmark::DoNotOptimize(value("type"));
    chat::say said{*chat::channel_name::from(value("channel")),
                   *chat::message_text::from(value("text"))};
    benchmark::DoNotOptimize(said);
  }
}
BENCHMARK(reads_json_with_rapidjson);

void reads_json_as_a_tree(State& state) {
  while (state.KeepRunning()) {
    const auto object = nlohmann::json::parse(line);
    const auto value = [&](const char* name) -> std::string_view {
      return object.at(name).get_ref<const std::string&>();
    };
    benchmark::DoNotOptimize(value("type"));
    chat::say said{*chat::channel_name::from(value("channel")),
                   *chat::message_text::from(value("text"))};
    benchmark::DoNotOptimize(said);
  }
}
BENCHMARK(reads_json_as_a_tree);

// What a text that is sent is looked through for, and the same by the standard's algorithm.
constexpr bool is_control(unsigned char byte) { return byte < 0x20 || byte == 0x7F; }

void finds_no_control(State& state) {
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(text.data());
    benchmark::DoNotOptimize(jalon::any_byte(text, is_control));
  }
}
BENCHMARK(finds_no_control);

void finds_no_control_with_any_of(State& state) {
  const auto is_meant = [](char c) { return is_control(static_cast<unsigned char>(c)); };
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(text.data());
    benchmark::DoNotOptimize(std::any_of(text.begin(), text.end(), is_meant));
  }
}
BENCHMARK(finds_no_control_with_any_of);

void writes_json(State& state) {
  const chat::say_event said{"bench", "somebody", text};
  std::string lines;
  while (state.KeepRunning()) {
    lines.clear();
    jalon::append_message(lines, said);
    benchmark::DoNotOptimize(lines);
  }
}
BENCHMARK(writes_json);

// 64 messages by one write: end to end in one block, or each in a block of its own.
void writes_queue(State& state) {
  auto [near, far] = jalon::stream_socket::pair();
  const bool one_block = state.range(0) == 1;
  jalon::outbox block;
  jalon::write_queue queue;
  std::vector<char> sink(64 << 10);
  while (state.KeepRunning()) {
    for (int n = 0; n < lines_a_turn; ++n) {
      const auto payload =
          one_block ? block.add([&](std::string& out) { out += line; }) : jalon::make_payload(line);
      benchmark::DoNotOptimize(queue.push(payload));
    }
    block.end_turn();
    queue.write_to(near);
    while (far.read_some(sink).status == jalon::io_status::ok) continue;
  }
  state.SetItemsProcessed(state.iterations() * lines_a_turn);
}
BENCHMARK(writes_queue)->ArgName("one_block")->Arg(0)->Arg(1);

// A turn of the loop in which one of so many descriptors is ready.
template <class Poller>
void turns(State& state) {
  jalon::reactor loop{Poller{}};
  using sockets = std::pair<jalon::stream_socket, jalon::stream_socket>;
  std::deque<sockets> pairs;
  std::vector<jalon::reactor::watch_type> watches;
  for (std::int64_t n = 0; n < state.range(0); ++n) {
    pairs.push_back(jalon::stream_socket::pair());
    auto& socket = pairs.back().first;
    const auto reads = [&socket](jalon::io_events) {
      char byte = 0;
      socket.read_some(std::span(&byte, 1));
    };
    watches.push_back(loop.watch(socket.fd(), jalon::io_events::read, reads));
  }
  while (state.KeepRunning()) {
    pairs.front().second.write_some(std::string_view("x"));
    loop.run_once();
  }
}
BENCHMARK(turns<jalon::poll_poller>)->Arg(1)->Arg(100)->Arg(400);
BENCHMARK(turns<jalon::epoll_poller>)->Arg(1)->Arg(100)->Arg(400);

}  // namespace

BENCHMARK_MAIN();
