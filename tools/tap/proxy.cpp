// The two sockets of each client, and what goes between them.
#include "proxy.hpp"

#include <array>
#include <utility>

#include <jalon/connect.hpp>

namespace tap {

namespace {

using jalon::io_events;
using jalon::io_status;
using tools::wire_kind;

constexpr std::size_t read_bytes = 16'384;
constexpr std::size_t most_held = 1U << 20;  // of one direction; then it is read no more

}  // namespace

// One client: its connection, and the one made to the server for it.
class proxy::link {
 public:
  link(proxy& owner, std::string who, jalon::stream_socket client)
      : owner_(owner),
        who_(std::move(who)),
        attempt_({owner.options_.to}),
        down_(owner.down_, owner.options_.seed),
        up_(owner.up_, owner.options_.seed),
        client_{std::move(client), down_, up_, wire_kind::received, false},
        server_{{}, up_, down_, wire_kind::sent, true} {
    tell(wire_kind::opened);
    if (attempt_.status() == jalon::connector::state::failed) {
      give_up();
      return;
    }
    server_.watch = owner_.loop_.watch(
        attempt_.fd(), io_events::write, [this](io_events) { on_connecting(); }, "to the server");
  }

  // Has both directions go on: what bends them has changed.
  void go_on() {
    if (server_.socket.fd() != -1) pump(client_) && pump(server_);
  }

 private:
  struct side {
    jalon::stream_socket socket;
    tools::bent_stream& out;  // on its way to this side
    tools::bent_stream& in;   // what this side has said
    wire_kind passed;         // what it is called when `out` is passed on
    bool is_server;
    bool input_ended = false;
    bool output_ended = false;
    bool full = false;  // the socket
    jalon::reactor::watch_type watch = {};
    jalon::reactor::timer_type timer = {};
  };

  side& across(const side& one) { return one.is_server ? client_ : server_; }

  void on_connecting() {
    attempt_.advance();
    if (attempt_.status() != jalon::connector::state::connected) return give_up();
    server_.watch.drop();
    server_.socket = attempt_.take();
    server_.socket.set_no_delay(true);
    client_.socket.set_no_delay(true);
    for (side* one : {&client_, &server_})
      one->watch = owner_.loop_.watch(
          one->socket.fd(), io_events::read, [this, one](io_events what) { on_ready(*one, what); },
          "a side");
  }

  void give_up() {
    tell(wire_kind::broken);
    leave();
  }

  void on_ready(side& one, io_events what) {
    if (jalon::has(what, io_events::write)) {
      one.full = false;
      if (!pump(one)) return;
    }
    if (jalon::has(what, io_events::read)) read(one);
  }

  void read(side& from) {
    std::array<char, read_bytes> bytes;
    const jalon::io_result got = from.socket.read_some(bytes);
    if (got.status == io_status::would_block) return;
    if (got.status == io_status::error)
      return cut(from.is_server ? wire_kind::broken : wire_kind::reset);
    if (got.status == io_status::end) {
      from.input_ended = true;
      from.in.end();
    } else {
      const std::string_view come(bytes.data(), got.bytes);
      from.in.take(come, owner_.loop_.now());
      watch_for_message(from, come);
    }
    pump(across(from));
  }

  // A cut before a message: the bytes say where it is.
  void watch_for_message(side& from, std::string_view come) {
    const tools::faults& how = from.is_server ? owner_.down_ : owner_.up_;
    if (!owner_.options_.message_begins) return;
    const auto begin =
        owner_.options_.message_begins(who_, !from.is_server, come, how.reset_message.value_or(0));
    if (how.reset_message && begin) from.in.reset_at(*begin);
  }

  // Passes on to this side what is due. @return false if the connection has gone
  bool pump(side& to) {
    for (;;) {
      if (to.full) break;
      const auto now = owner_.loop_.now();
      const auto step = to.out.due(now);
      if (step == tools::bent_stream::step::wait) break;
      if (step == tools::bent_stream::step::reset) {
        cut(to.is_server ? wire_kind::reset : wire_kind::broken);
        return false;
      }
      if (step == tools::bent_stream::step::half_close) {
        if (!end_output(to)) return false;
        break;
      }
      const jalon::io_result sent = to.socket.write_some(to.out.piece());
      if (sent.status == io_status::error) {
        cut(to.is_server ? wire_kind::broken : wire_kind::reset);
        return false;
      }
      to.full = sent.status == io_status::would_block;
      if (sent.bytes == 0) break;
      tell(to.passed, to.out.piece().substr(0, sent.bytes));
      to.out.passed(sent.bytes, now);
    }
    update(to);
    update(across(to));
    ask_again(to);
    return true;
  }

  // @return false if that was the last
  bool end_output(side& to) {
    to.output_ended = true;
    to.out.half_closed();
    to.socket.shutdown_write();
    tell(to.is_server ? wire_kind::half_closed : wire_kind::end);
    if (!client_.output_ended || !server_.output_ended) return true;
    leave();
    return false;
  }

  void ask_again(side& to) {
    const auto when = to.out.next(owner_.loop_.now());
    if (when)
      to.timer = owner_.loop_.at(*when, [this, &to] { pump(to); });
    else
      to.timer.cancel();
  }

  void update(side& one) {
    const bool room = one.in.size() < most_held && !one.input_ended;
    one.watch.set_interest((room ? io_events::read : io_events::none) |
                           (one.full ? io_events::write : io_events::none));
  }

  void cut(wire_kind how) {
    tell(how);
    client_.socket.reset_on_close();
    server_.socket.reset_on_close();
    leave();
  }

  void leave() {
    client_.watch.drop();
    server_.watch.drop();
    client_.timer.cancel();
    server_.timer.cancel();
    client_.socket = {};
    server_.socket = {};
    owner_.forget(who_);
  }

  void tell(wire_kind kind, std::string_view bytes = {}) const {
    if (owner_.options_.told) owner_.options_.told(who_, kind, bytes);
  }

  proxy& owner_;
  std::string who_;
  jalon::connector attempt_;
  tools::bent_stream down_;
  tools::bent_stream up_;
  side client_;
  side server_;
};

proxy::proxy(jalon::reactor& loop, jalon::listener accepting, proxy_options options)
    : loop_(loop),
      options_(std::move(options)),
      acceptor_(loop, std::move(accepting),
                [this](jalon::accept_result accepted) { welcome(std::move(accepted.socket)); }) {}

proxy::~proxy() = default;

void proxy::bend(bool up, std::string_view words) {
  tools::apply(up ? up_ : down_, words);
  for (auto& [who, one] : links_) one->go_on();
}

void proxy::welcome(jalon::stream_socket client) {
  std::string who = "client " + std::to_string(++clients_);
  links_.emplace(who, std::make_unique<link>(*this, who, std::move(client)));
}

// Later: the link is calling, maybe from its constructor, before it is in the table.
void proxy::forget(const std::string& who) {
  loop_.post([this, who] { links_.erase(who); });
}

}  // namespace tap
