// What a server does, without a socket and without a clock: what happened goes in, what is to be
// done comes out.
// No host is here: server.hpp runs a service on a loop; a test runs it in memory.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "compiled.hpp"
#include "endpoint.hpp"
#include "timer_queue.hpp"

namespace jalon {

/// Names a connection. Never used again, and no descriptor.
enum class connection_id : std::uint64_t {};

/// A connection that has come, as its service is told of it.
struct arrival {
  endpoint peer = {};                               ///< where it comes from
  std::chrono::system_clock::time_point time = {};  ///< when it came
};

/// Why a connection has gone.
enum class departure {
  end_of_input,  ///< the peer has ended its side; what it asked for before is still answered
  broken,        ///< the connection was reset or has vanished
  not_reading,   ///< more waited for it than may wait
  asked,         ///< the service has closed it
};

/// Appends a line to the text that it is called with. So a line that is made for sending is made
/// where it is sent from, and not copied.
template <class W>
concept line_writer = std::invocable<const W&, std::string&>;

/// A line, or what writes one; it holds no LF.
template <class L>
concept line_source = line_writer<L> || std::convertible_to<const L&, std::string_view>;

/// What a service wants done, in order. It holds data, nothing else: a host does what it says.
class actions {
 public:
  /// Send `line(...)` to all of `recipients(...)`.
  struct send_line {
    std::size_t begin = 0;  ///< where the line begins among all that is to be sent
    std::size_t size = 0;   ///< bytes of the line, its LF included
    std::size_t first = 0;  ///< index of the first recipient
    std::size_t count = 0;  ///< how many there are
  };
  /// Part from one in order, after all that was sent to it.
  struct close_one {
    connection_id who;  ///< whom
  };
  /// Call `elapsed` at this time; an earlier wish is replaced.
  struct wake {
    steady_time when;  ///< the loop's time
  };
  using action = std::variant<send_line, close_one, wake>;  ///< one of them

  /// Sends @p said to @p to.
  void send(connection_id to, const line_source auto& said) { send(std::span(&to, 1), said); }

  /// Sends @p said to all of @p to; it is written once.
  void send(std::span<const connection_id> to, const line_source auto& said) {
    const std::size_t first = add(to);
    send_to_added(first, said);
  }

  /// Sends @p said to all of @p to but @p self, likewise.
  void send_to_others(connection_id self, std::span<const connection_id> to,
                      const line_source auto& said) {
    const std::size_t first = add(to);
    remove_added(first, self);
    send_to_added(first, said);
  }

  /// Parts from @p who.
  void close(connection_id who);

  /// Asks for `elapsed` at @p when.
  void wake_at(steady_time when);

  /// How many there are.
  std::size_t size() const noexcept { return list_.size(); }

  /// The one at @p index; valid until the next is added.
  const action& operator[](std::size_t index) const { return list_[index]; }

  /// What @p one sends, with its LF; valid until the next is added.
  std::string_view line(const send_line& one) const {
    return std::string_view(lines_).substr(one.begin, one.size);
  }

  /// Whom @p one goes to; valid until the next is added.
  std::span<const connection_id> recipients(const send_line& one) const {
    return std::span(recipients_).subspan(one.first, one.count);
  }

  /// Forgets them all, and keeps the memory.
  void clear() noexcept;

 private:
  // Adds recipients. @return the index of the first
  std::size_t add(std::span<const connection_id> to);

  // Removes one of those who were added from @p first on.
  void remove_added(std::size_t first, connection_id who);

  void send_to_added(std::size_t first, const line_source auto& said) {
    const std::size_t count = recipients_.size() - first;
    if (count == 0) return;
    const std::size_t begin = lines_.size();
    append(said);
    lines_ += '\n';
    list_.emplace_back(send_line{begin, lines_.size() - begin, first, count});
  }

  void append(std::string_view said) { lines_ += said; }
  void append(const line_writer auto& write) { write(lines_); }

  std::vector<action> list_;
  std::string lines_;                      // all of them, one after the other
  std::vector<connection_id> recipients_;  // of all lines, likewise
};

/// What a host can run. One call is needed; the others are made if the service has them:
///
/// - `received(id, line, out)`: a line has come, without its end; valid during the call.
/// - `connected(id, arrival, out)`: first of all for a connection.
/// - `malformed(id, error, out)`: a line was too long and is lost. Without this call the host
///   parts from the peer.
/// - `disconnected(id, departure, out)`: last of all for a connection, whoever ended it, once.
/// - `elapsed(now, out)`: the time asked for with `wake_at` has come.
///
/// A service never throws on what a peer sent.
template <class S>
concept service = requires(S s, connection_id id, std::string_view line, actions& out) {
  s.received(id, line, out);
};

/// Any service, by reference: all that a host needs to see of it. So a host is written and compiled
/// once, not once for each service. A call that the service lacks does what the concept says.
class service_ref {
 public:
  /// Refers to @p served, which outlives this.
  template <service S>
  requires(!std::same_as<S, service_ref>) service_ref(S& served)
  noexcept : served_(&served), calls_(&calls_to<S>::all) {}

  /// A line has come.
  void received(connection_id id, std::string_view line, actions& out) const {
    calls_->received(served_, id, line, out);
  }
  /// A connection has come.
  void connected(connection_id id, const arrival& how, actions& out) const {
    calls_->connected(served_, id, how, out);
  }
  /// A line is lost.
  void malformed(connection_id id, std::error_code error, actions& out) const {
    calls_->malformed(served_, id, error, out);
  }
  /// A connection has gone.
  void disconnected(connection_id id, departure how, actions& out) const {
    calls_->disconnected(served_, id, how, out);
  }
  /// The time that was asked for has come.
  void elapsed(steady_time now, actions& out) const { calls_->elapsed(served_, now, out); }

 private:
  struct calls {
    void (*received)(void*, connection_id, std::string_view, actions&);
    void (*connected)(void*, connection_id, const arrival&, actions&);
    void (*malformed)(void*, connection_id, std::error_code, actions&);
    void (*disconnected)(void*, connection_id, departure, actions&);
    void (*elapsed)(void*, steady_time, actions&);
  };

  template <class S>
  struct calls_to {
    static S& self(void* served) { return *static_cast<S*>(served); }

    static void received(void* served, connection_id id, std::string_view line, actions& out) {
      self(served).received(id, line, out);
    }
    static void connected(void* served, connection_id id, const arrival& how, actions& out) {
      if constexpr (requires(S & s) { s.connected(id, how, out); })
        self(served).connected(id, how, out);
    }
    static void malformed(void* served, connection_id id, std::error_code error, actions& out) {
      if constexpr (requires(S & s) { s.malformed(id, error, out); })
        self(served).malformed(id, error, out);
      else
        out.close(id);
    }
    static void disconnected(void* served, connection_id id, departure how, actions& out) {
      if constexpr (requires(S & s) { s.disconnected(id, how, out); })
        self(served).disconnected(id, how, out);
    }
    static void elapsed(void* served, steady_time now, actions& out) {
      if constexpr (requires(S & s) { s.elapsed(now, out); }) self(served).elapsed(now, out);
    }

    static constexpr calls all{received, connected, malformed, disconnected, elapsed};
  };

  void* served_;
  const calls* calls_;
};

}  // namespace jalon

#ifdef JALON_BODIES
#include "impl/service.hpp"
#endif
