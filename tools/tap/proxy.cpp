// The two connections of each client, and the bytes between them.
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
// The limit of queued bytes per direction. Above it, the side is not read.
constexpr std::size_t max_pending = 1U << 20;

}  // namespace

// One client: its connection to the proxy, and the proxy's connection to the server.
class proxy::link {
 public:
  link(proxy& owner, std::string who, jalon::stream_socket client)
      : owner_(owner),
        who_(std::move(who)),
        connector_(owner.options_.to),
        down_(owner.down_, owner.options_.seed),
        up_(owner.up_, owner.options_.seed),
        client_{std::move(client), down_, up_, wire_kind::received, false},
        server_{{}, up_, down_, wire_kind::sent, true} {
    report(wire_kind::opened);
    if (connector_.status() == jalon::connector::state::failed) {
      fail();
      return;
    }
    server_.watch = owner_.loop_.watch(
        connector_.fd(), io_events::write, [this](io_events) { on_connecting(); }, "to the server");
  }

  // Pumps both directions again, after the faults have changed.
  void resume() {
    if (server_.socket.fd() != -1) pump(client_) && pump(server_);
  }

 private:
  struct side {
    jalon::stream_socket socket;
    tools::faulty_stream& out;  // the bytes to send to this side
    tools::faulty_stream& in;   // the bytes received from this side
    wire_kind sent_kind;        // the kind of event when `out` is sent
    bool is_server;
    bool input_ended = false;
    bool output_ended = false;
    bool full = false;  // the last write would have blocked
    jalon::reactor::watch_type watch = {};
    jalon::reactor::timer_type timer = {};
  };

  side& opposite(const side& from) { return from.is_server ? client_ : server_; }

  void on_connecting() {
    connector_.advance();
    if (connector_.backlog_full()) return connect_later();
    if (connector_.status() != jalon::connector::state::connected) return fail();
    server_.watch.drop();
    server_.socket = connector_.take();
    server_.socket.set_no_delay(true);
    client_.socket.set_no_delay(true);
    for (side* end : {&client_, &server_})
      end->watch = owner_.loop_.watch(
          end->socket.fd(), io_events::read, [this, end](io_events what) { on_ready(*end, what); },
          "a side");
  }

  // The server's backlog is full, and the kernel does not report when there is room.
  void connect_later() {
    server_.watch.set_interest(io_events::none);
    server_.timer = owner_.loop_.at(owner_.loop_.now() + std::chrono::milliseconds(10),
                                    [this] { on_connecting(); });
  }

  void fail() {
    report(wire_kind::broken);
    close();
  }

  void on_ready(side& target, io_events what) {
    if (jalon::has(what, io_events::write)) {
      target.full = false;
      if (!pump(target)) return;
    }
    if (jalon::has(what, io_events::read)) read(target);
  }

  void read(side& from) {
    std::array<char, read_bytes> bytes;
    const jalon::io_result result = from.socket.read_some(bytes);
    if (result.status == io_status::would_block) return;
    if (result.status == io_status::error)
      return reset(from.is_server ? wire_kind::broken : wire_kind::reset);
    if (result.status == io_status::end) {
      from.input_ended = true;
      from.in.end_input();
    } else {
      const std::string_view bytes_read(bytes.data(), result.bytes);
      from.in.append(bytes_read, owner_.loop_.now());
      find_reset_point(from, bytes_read);
    }
    pump(opposite(from));
  }

  // For the fault `reset-message`: finds the offset of that message in the bytes.
  void find_reset_point(side& from, std::string_view bytes_read) {
    const tools::faults& how = from.is_server ? owner_.down_ : owner_.up_;
    if (!owner_.options_.message_offset) return;
    const auto begin = owner_.options_.message_offset(who_, !from.is_server, bytes_read,
                                                      how.reset_message.value_or(0));
    if (how.reset_message && begin) from.in.reset_at(*begin);
  }

  // Sends to this side what its stream releases. @return false if the connection is closed
  bool pump(side& to) {
    for (;;) {
      if (to.full) break;
      const auto now = owner_.loop_.now();
      const auto step = to.out.next_step(now);
      if (step == tools::faulty_stream::step::wait) break;
      if (step == tools::faulty_stream::step::reset) {
        reset(to.is_server ? wire_kind::reset : wire_kind::broken);
        return false;
      }
      if (step == tools::faulty_stream::step::half_close) {
        if (!end_output(to)) return false;
        break;
      }
      const jalon::io_result sent = to.socket.write_some(to.out.piece());
      if (sent.status == io_status::error) {
        reset(to.is_server ? wire_kind::broken : wire_kind::reset);
        return false;
      }
      to.full = sent.status == io_status::would_block;
      if (sent.bytes == 0) break;
      report(to.sent_kind, to.out.piece().substr(0, sent.bytes));
      to.out.consume(sent.bytes, now);
    }
    update(to);
    update(opposite(to));
    schedule(to);
    return true;
  }

  // @return false if both outputs have ended and the connection is closed
  bool end_output(side& to) {
    to.output_ended = true;
    to.out.close();
    to.socket.shutdown_write();
    report(to.is_server ? wire_kind::half_closed : wire_kind::end);
    if (!client_.output_ended || !server_.output_ended) return true;
    close();
    return false;
  }

  void schedule(side& to) {
    const auto when = to.out.next_wakeup(owner_.loop_.now());
    if (when)
      to.timer = owner_.loop_.at(*when, [this, &to] { pump(to); });
    else
      to.timer.cancel();
  }

  void update(side& target) {
    const bool room = target.in.size() < max_pending && !target.input_ended;
    target.watch.set_interest((room ? io_events::read : io_events::none) |
                              (target.full ? io_events::write : io_events::none));
  }

  void reset(wire_kind how) {
    report(how);
    client_.socket.reset_on_close();
    server_.socket.reset_on_close();
    close();
  }

  // The caller may be a handler of this link, so the link is destroyed later, from the loop.
  void close() {
    client_.watch.drop();
    server_.watch.drop();
    client_.timer.cancel();
    server_.timer.cancel();
    client_.socket = {};
    server_.socket = {};
    owner_.loop_.post([owner = &owner_, who = who_] { owner->remove(who); });
  }

  void report(wire_kind kind, std::string_view bytes = {}) const {
    if (owner_.options_.on_event) owner_.options_.on_event(who_, kind, bytes);
  }

  proxy& owner_;
  std::string who_;
  jalon::connector connector_;
  tools::faulty_stream down_;
  tools::faulty_stream up_;
  side client_;
  side server_;
};

proxy::proxy(jalon::reactor& loop, jalon::listener listener, proxy_options options)
    : loop_(loop),
      options_(std::move(options)),
      acceptor_(loop, std::move(listener),
                {[this](jalon::accept_result accepted) { welcome(std::move(accepted.socket)); }}) {}

proxy::~proxy() = default;

void proxy::inject_faults(bool up, std::string_view spec) {
  tools::apply(up ? up_ : down_, spec);
  for (auto& [who, client_link] : links_) client_link->resume();
}

void proxy::welcome(jalon::stream_socket client) {
  std::string who = "client " + std::to_string(++clients_);
  links_.emplace(who, std::make_unique<link>(*this, who, std::move(client)));
}

void proxy::remove(const std::string& who) { links_.erase(who); }

}  // namespace tap
