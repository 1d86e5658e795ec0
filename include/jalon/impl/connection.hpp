// How a connection works; connection.hpp says what it promises.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "../connection.hpp"

namespace jalon {

template <event_loop Loop, codec Codec, class Handler>
connection<Loop, Codec, Handler>::connection(Loop& loop, stream_socket socket, Handler& handler,
                                             const connection_options& options, Codec codec)
    : handler_(handler),
      drain_timeout_(options.drain_timeout),
      close_timeout_(options.close_timeout),
      stall_timeout_(options.stall_timeout),
      frame_timeout_(options.frame_timeout),
      read_bytes_(options.read_bytes),
      codec_(std::move(codec)),
      loop_(loop),
      socket_(std::move(socket)),
      watches_sent_(stall_timeout_ != std::chrono::milliseconds::max() && socket_.counts_bytes()),
      queue_(options.queue),
      end_of_turn_(loop.deferrals(), [this] { end_turn(); }),
      watch_(loop.watch(
          socket_.fd(), io_events::read, [this](io_events what) { on_ready(what); },
          "connection")) {
  static_assert(std::derived_from<Handler, connection_handler>);
}

// The phase is set before a handler is called, so that the handler may cause the next event.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::apply_event(connection_event event, std::error_code error) {
  const connection_transition& row = next_transition(phase_, event);
  const connection_phase before = std::exchange(phase_, row.to);
  const bool closes = row.to == connection_phase::closed && before != connection_phase::closed;
  // Before the socket is closed: with input unread, close(2) alone would send no end but a reset.
  if (row.action == connection_action::shut_down_write) socket_.shutdown_write();
  if (closes) close_socket();
  if (!closes && is_closing(row.to) && !is_closing(before)) {
    end_of_turn_.schedule();
    watch_closing();
    watch_output(accepted());
  }
  try {
    if (row.action == connection_action::report_end) handler_.ended(error);
  } catch (...) {
    if (closes) handler_.closed();
    throw;
  }
  if (closes) handler_.closed();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::close_socket() {
  watch_.drop();
  output_timer_.cancel();
  frame_timer_.cancel();
  socket_ = {};
}

// Once it closes, the peer must accept what is queued, and then end its side. Before, it must
// accept what a full socket has left behind, and what is in the socket.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::watch_output(std::int64_t accepted_before) {
  const auto limit = is_closing(phase_) ? drain_timeout_ : stall_timeout_;
  output_watched_ = true;
  output_timer_ = loop_.at(time_after(loop_.now(), limit),
                           [this, accepted_before] { check_output(accepted_before); });
}

// How many bytes the peer has accepted. Of a unix socket, about: its bytes count with the memory
// that they take, so the number may be negative.
template <event_loop Loop, codec Codec, class Handler>
std::int64_t connection<Loop, Codec, Handler>::accepted() const noexcept {
  return static_cast<std::int64_t>(sent_) - static_cast<std::int64_t>(socket_.unacknowledged());
}

// No frame is awaited any more: its timer is free for this.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::watch_closing() {
  frame_timer_.cancel();
  if (close_timeout_ == std::chrono::milliseconds::max()) return;
  frame_timer_ = loop_.at(time_after(loop_.now(), close_timeout_),
                          [this] { disconnect_late(connection_deadline::close); });
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::check_output(std::int64_t accepted_before) {
  output_watched_ = false;
  const bool waits = queue_.blocked() || (watches_sent_ && socket_.unacknowledged() > 0);
  if (!is_closing(phase_) && !waits) return;
  const std::int64_t now = accepted();
  if (now > accepted_before) return watch_output(now);
  disconnect_late(is_closing(phase_) ? connection_deadline::drain : connection_deadline::stall);
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::watch_frame() {
  frame_watched_ = true;
  frame_timer_ = loop_.at(time_after(loop_.now(), frame_timeout_),
                          [this, steps = input_steps_] { check_frame(steps); });
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::check_frame(std::size_t steps_before) {
  frame_watched_ = false;
  if (use_of_input(phase_) != input_use::deliver || !frame_begun()) return;
  const bool reads = may_deliver() && has(interest_, io_events::read);
  if (!reads || input_steps_ != steps_before) return watch_frame();
  disconnect_late(connection_deadline::frame);
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::disconnect_late(connection_deadline which) {
  try {
    handler_.late(which);
  } catch (...) {
    end_late(which);
    throw;
  }
  end_late(which);
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::end_late(connection_deadline which) {
  if (which == connection_deadline::drain || which == connection_deadline::close) {
    // The system would keep the bytes of a closed socket for as long as the peer's system answers.
    if (socket_.unacknowledged() > 0) socket_.reset_on_close();
    return apply_event(connection_event::timed_out);
  }
  if (is_closing(phase_)) return;
  if (which == connection_deadline::stall) queue_.drop_unstarted();
  close();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::on_ready(io_events what) {
  if (has(what, io_events::write)) {
    write_queued();
    continue_input();
  }
  if (has(what, io_events::read)) read();
  tell_holding();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::tell_holding() {
  const std::size_t bytes = memory();
  if (bytes == held_ || phase_ == connection_phase::closed) return;
  handler_.holds(held_ = bytes);
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::read() {
  if (use_of_input(phase_) == input_use::discard) return discard();
  if (!may_deliver()) return update_interest();
  const io_result result = socket_.read_some(in_.prepare(read_bytes_));
  trace_io("read", result);
  in_.commit(result.bytes);
  switch (result.status) {
    case io_status::ok:
      return deliver();
    case io_status::would_block:
      return;
    case io_status::end:
      return end_input();
    case io_status::error:
      return apply_event(connection_event::broken, result.error);
  }
}

// A peer that is being disconnected may still send. Its bytes are read, so that the kernel does not
// answer them with a reset.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::discard() {
  std::array<char, 16'384> ignored;
  const io_result result = socket_.read_some(ignored);
  if (result.status == io_status::error) return apply_event(connection_event::broken);
  if (result.status != io_status::end) return;
  apply_event(connection_event::end_of_input);
  update_interest();
}

// Delivers the frames that are here, as long as the answers to them find room in the queue.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::deliver(bool input_ended) {
  try {
    while (may_deliver()) {
      auto next = codec_.next(in_);
      if (!next && input_ended) next = codec_.finish(in_);
      if (!next) break;
      ++input_steps_;
      handler_.received(*next);
    }
    if (phase_ != connection_phase::closed) handler_.delivered();
  } catch (...) {
    end_of_turn_.schedule();  // delivers the rest
    throw;
  }
  // If it is closing, `end_turn` releases the memory: the frame that a handler has may be there.
  if (is_closing(phase_)) return;
  if (in_.empty()) in_.release();
  if (!frame_watched_ && frame_timeout_ != std::chrono::milliseconds::max() && frame_begun())
    watch_frame();
  update_interest();
}

template <event_loop Loop, codec Codec, class Handler>
bool connection<Loop, Codec, Handler>::frame_begun() const noexcept {
  if constexpr (requires { codec_.discarding(); }) {
    if (codec_.discarding()) return true;
  }
  return !in_.empty();
}

// If frames are left behind, the next read returns the end again, and this is called again.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::end_input() {
  deliver(true);
  if (!may_deliver()) return;
  apply_event(connection_event::end_of_input);
  update_interest();
}

template <event_loop Loop, codec Codec, class Handler>
bool connection<Loop, Codec, Handler>::may_deliver() const noexcept {
  return use_of_input(phase_) == input_use::deliver && !paused_ && !queue_.high();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::end_turn() {
  if (phase_ == connection_phase::closed) return;
  if (is_closing(phase_)) in_.release();
  if (queue_.blocked())
    queue_.release_shared_blocks();
  else
    write_queued();
  continue_input();
  tell_holding();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::write_queued() {
  const io_result result = queue_.write_to(socket_);
  trace_io("wrote", result);
  // If this is not watched, all that was sent before is accepted: so it was when it was looked at.
  if (watches_sent_ && !output_watched_ && result.bytes > 0)
    watch_output(static_cast<std::int64_t>(sent_));
  sent_ += result.bytes;
  if (result.status == io_status::error) return apply_event(connection_event::broken, result.error);
  if (queue_.blocked()) {
    if (!output_watched_ && stall_timeout_ != std::chrono::milliseconds::max())
      watch_output(accepted());
    return queue_.release_shared_blocks();
  }
  apply_event(connection_event::all_sent);
  if (result.bytes == 0 || is_closing(phase_)) return;
  try {
    handler_.drained();
  } catch (...) {
    end_of_turn_.schedule();  // goes on with the input
    throw;
  }
}

// Goes on where the write queue, a pause or an exception has stopped the input.
template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::continue_input() {
  update_interest();
  if (!in_.empty() && may_deliver()) deliver();
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::update_interest() {
  if (phase_ == connection_phase::closed) return;
  const bool reads = use_of_input(phase_) == input_use::discard || may_deliver();
  const io_events interest = (reads ? io_events::read : io_events::none) |
                             (queue_.blocked() ? io_events::write : io_events::none);
  if (interest == interest_) return;
  if (has(interest, io_events::read) != has(interest_, io_events::read)) ++input_steps_;
  watch_.set_interest(interest_ = interest);
}

template <event_loop Loop, codec Codec, class Handler>
void connection<Loop, Codec, Handler>::trace_io(const char* verb, const io_result& result) const {
  const trace_sink& trace = loop_.trace();
  if (!trace) return;
  std::string line = "  " + std::to_string(socket_.fd()) + ' ' + verb + ' ' +
                     std::to_string(result.bytes) + " bytes";
  if (result.status == io_status::end) line += ", the end";
  if (result.status == io_status::error) line += ", " + result.error.message();
  trace(line + "; " + std::to_string(queue_.bytes()) + " wait to be written");
}

}  // namespace jalon
