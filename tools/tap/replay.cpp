// Clients that send what a recording holds.
#include "replay.hpp"

#include <array>
#include <map>
#include <memory>
#include <string>

#include <jalon/connect.hpp>
#include <jalon/connection.hpp>
#include <jalon/reactor.hpp>

namespace tap {

namespace {

using tools::wire_kind;

constexpr std::chrono::seconds connect_timeout{5};

// A codec without framing: a frame is whatever bytes are in the buffer.
struct raw_codec {
  std::optional<jalon::frame> next(jalon::buffer& in) { return all_of(in); }
  std::optional<jalon::frame> finish(jalon::buffer& in) { return all_of(in); }
  void encode(std::string_view bytes, std::string& out) const { out += bytes; }

 private:
  static std::optional<jalon::frame> all_of(jalon::buffer& in) {
    if (in.empty()) return std::nullopt;
    const jalon::frame all{in.readable()};
    in.consume(in.readable().size());
    return all;
  }
};

class player {
  // One client of the story.
  struct client final : jalon::connection_handler {
    client(player& player, std::string name, jalon::stream_socket socket)
        : owner(player), who(std::move(name)), link(owner.loop_, std::move(socket), *this) {}

    void received(const jalon::frame& bytes) override { owner.on_bytes(who, bytes.payload); }
    void ended(std::error_code error) override { owner.on_end(*this, error); }
    void closed() override { owner.on_closed(); }

    player& owner;
    std::string who;
    jalon::connection<jalon::reactor, raw_codec, client> link;
  };

 public:
  player(const std::vector<jalon::endpoint>& to, std::chrono::milliseconds patience,
         std::function<void(std::string_view, wire_kind, std::string_view)> on_event)
      : to_(to), patience_(patience), on_event_(std::move(on_event)) {}

  void play(const std::vector<tools::wire_event>& story) {
    const auto begin = loop_.now();
    std::vector<jalon::reactor::timer_type> timers;
    timers.reserve(story.size() + 1);
    for (const auto& event : story)
      timers.push_back(loop_.at(begin + event.at, [this, &event] { replay_event(event); }));
    const auto last = story.empty() ? std::chrono::microseconds(0) : story.back().at;
    timers.push_back(loop_.at(begin + last, [this] {
      all_sent_ = true;
      restart_timeout();
    }));
    loop_.run();
  }

 private:
  void replay_event(const tools::wire_event& event) {
    if (event.kind == wire_kind::opened) return open(event.who);
    const auto found = clients_.find(event.who);
    if (found == clients_.end() || !found->second) return;
    auto& connection = found->second->link;
    if (event.kind == wire_kind::sent) {
      on_event_(event.who, event.kind, event.bytes);
      connection.send(event.bytes);
    } else if (event.kind == wire_kind::half_closed) {
      on_event_(event.who, event.kind, {});
      connection.end_output();
    } else if (event.kind == wire_kind::closed || event.kind == wire_kind::reset) {
      on_event_(event.who, event.kind, {});
      if (event.kind == wire_kind::reset) connection.socket().reset_on_close();
      connection.abort();
    }
  }

  void open(const std::string& who) {
    auto socket = jalon::connect(to_, connect_timeout);
    socket.set_no_delay(true);
    on_event_(who, wire_kind::opened, {});
    ++open_;
    clients_[who] = std::make_unique<client>(*this, who, std::move(socket));
  }

  void on_bytes(const std::string& who, std::string_view bytes) {
    on_event_(who, wire_kind::received, bytes);
    if (all_sent_) restart_timeout();
  }

  void on_end(client& ended, std::error_code error) {
    on_event_(ended.who, error ? wire_kind::broken : wire_kind::end, {});
    ended.link.close();
  }

  void on_closed() {
    if (--open_ == 0 && all_sent_) loop_.stop();
  }

  void restart_timeout() {
    if (open_ == 0) return loop_.stop();
    timeout_ = loop_.at(loop_.now() + patience_, [this] { loop_.stop(); });
  }

  jalon::reactor loop_;
  std::vector<jalon::endpoint> to_;
  std::chrono::milliseconds patience_;
  std::function<void(std::string_view, wire_kind, std::string_view)> on_event_;
  std::map<std::string, std::unique_ptr<client>> clients_;
  std::size_t open_ = 0;
  bool all_sent_ = false;  // the whole story was replayed
  jalon::reactor::timer_type timeout_;
};

}  // namespace

void replay(
    const std::vector<tools::wire_event>& story, const std::vector<jalon::endpoint>& to,
    std::chrono::milliseconds patience,
    const std::function<void(std::string_view, tools::wire_kind, std::string_view)>& on_event) {
  player(to, patience, on_event).play(story);
}

}  // namespace tap
