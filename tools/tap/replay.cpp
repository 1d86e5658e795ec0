// Clients that say what a recording holds.
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

constexpr std::chrono::seconds connect_patience{5};

// Bytes as they come: a frame is whatever is there.
struct no_codec {
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
    client(player& owner, std::string name, jalon::stream_socket socket)
        : plays(owner), who(std::move(name)), link(plays.loop_, std::move(socket), *this) {}

    void received(const jalon::frame& some) override { plays.on_bytes(who, some.payload); }
    void ended(std::error_code error) override { plays.on_end(*this, error); }
    void closed() override { plays.on_closed(); }

    player& plays;
    std::string who;
    jalon::connection<jalon::reactor, no_codec, client> link;
  };

 public:
  player(const jalon::endpoint& to, std::chrono::milliseconds patience,
         std::function<void(std::string_view, wire_kind, std::string_view)> told)
      : to_(to), patience_(patience), told_(std::move(told)) {}

  void play(const std::vector<tools::wire_event>& story) {
    const auto begin = loop_.now();
    std::vector<jalon::reactor::timer_type> timers;
    timers.reserve(story.size() + 1);
    for (const auto& event : story)
      timers.push_back(loop_.at(begin + event.at, [this, &event] { act(event); }));
    const auto last = story.empty() ? std::chrono::microseconds(0) : story.back().at;
    timers.push_back(loop_.at(begin + last, [this] {
      over_ = true;
      wait_a_while();
    }));
    loop_.run();
  }

 private:
  void act(const tools::wire_event& event) {
    if (event.kind == wire_kind::opened) return open(event.who);
    const auto found = clients_.find(event.who);
    if (found == clients_.end() || !found->second) return;
    auto& one = found->second->link;
    if (event.kind == wire_kind::sent) {
      told_(event.who, event.kind, event.bytes);
      one.send(event.bytes);
    } else if (event.kind == wire_kind::half_closed) {
      told_(event.who, event.kind, {});
      one.end_output();
    } else if (event.kind == wire_kind::closed || event.kind == wire_kind::reset) {
      told_(event.who, event.kind, {});
      if (event.kind == wire_kind::reset) one.socket().reset_on_close();
      one.abort();
    }
  }

  void open(const std::string& who) {
    auto socket = jalon::connect({to_}, connect_patience);
    socket.set_no_delay(true);
    told_(who, wire_kind::opened, {});
    ++open_;
    clients_[who] = std::make_unique<client>(*this, who, std::move(socket));
  }

  void on_bytes(const std::string& who, std::string_view bytes) {
    told_(who, wire_kind::received, bytes);
    if (over_) wait_a_while();
  }

  void on_end(client& ended, std::error_code error) {
    told_(ended.who, error ? wire_kind::broken : wire_kind::end, {});
    ended.link.close();
  }

  void on_closed() {
    if (--open_ == 0 && over_) loop_.stop();
  }

  void wait_a_while() {
    if (open_ == 0) return loop_.stop();
    end_ = loop_.at(loop_.now() + patience_, [this] { loop_.stop(); });
  }

  jalon::reactor loop_;
  jalon::endpoint to_;
  std::chrono::milliseconds patience_;
  std::function<void(std::string_view, wire_kind, std::string_view)> told_;
  std::map<std::string, std::unique_ptr<client>> clients_;
  std::size_t open_ = 0;
  bool over_ = false;  // all is said
  jalon::reactor::timer_type end_;
};

}  // namespace

void replay(const std::vector<tools::wire_event>& story, const jalon::endpoint& to,
            std::chrono::milliseconds patience,
            const std::function<void(std::string_view, tools::wire_kind, std::string_view)>& told) {
  player(to, patience, told).play(story);
}

}  // namespace tap
