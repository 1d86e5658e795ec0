// Runs any service as a program, on the loop that the command line names, until a signal comes.
#pragma once

#include <signal.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/reactor.hpp>
#include <jalon/server.hpp>
#include <jalon/signal_set.hpp>

#include "event_log.hpp"
#include "options.hpp"

#ifdef JALON_EXAMPLES_WITH_ASIO
#include <jalon/asio_loop.hpp>
#endif

namespace program {

namespace detail {

/// Writes a line of the log, on standard error.
void log(std::string_view line);

/// Says on standard output where the server listens, and in the log if that is for this machine
/// only.
void announce(const jalon::endpoint& local, const server_options& options);

/// Raises the limit of descriptors, since each client needs one.
void raise_descriptor_limit();

/// The toolkit's options, completed by those of the command line.
jalon::server_options complete(jalon::server_options how, const server_options& options);

/// The poller of this kind. The command line accepts only kinds that are built in.
jalon::reactor::any_poller make_poller(loop_kind kind);

template <class Loop, jalon::codec Codec>
int serve(Loop& loop, jalon::service& service, const server_options& options,
          jalon::server_options how, const Codec& codec) {
  if (options.trace) loop.set_trace(log);
  typename Loop::timer_type log_timer;
  event_log events(
      log, [&] { return loop.now(); },
      [&](jalon::steady_time when) { log_timer = loop.at(when, [&] { events.expire(); }); });
  how.log = [&](std::string_view event, std::string_view detail) { events.add(event, detail); };
  jalon::signal_set signals{SIGINT, SIGTERM};
  jalon::server server(loop, jalon::listener(options.at), service, std::move(how), codec);
  bool leaving = false;
  const auto watch = loop.watch(
      signals.fd(), jalon::io_events::read,
      [&](jalon::io_events) {
        while (signals.next()) {
          if (std::exchange(leaving, true)) return loop.stop();  // the second signal: at once
          server.shut_down(std::chrono::seconds(2), [&] { loop.stop(); });
        }
      },
      "signals");
  announce(server.local(), options);
  loop.run();
  return 0;
}

}  // namespace detail

/// Runs @p service until SIGINT or SIGTERM. Then the server sends what is still queued, for at most
/// two seconds.
/// @param how what the service needs of its host; the command line's options are added
/// @param codec takes the frames out of the bytes that come
/// @return the program's exit status
/// @throws std::system_error that names the endpoint, if the server cannot listen there
template <jalon::codec Codec = jalon::line_codec>
int run_server(jalon::service& service, const server_options& options,
               jalon::server_options how = {}, const Codec& codec = Codec{}) {
  detail::raise_descriptor_limit();
  how = detail::complete(std::move(how), options);
#ifdef JALON_EXAMPLES_WITH_ASIO
  if (options.loop == loop_kind::asio) {
    asio::io_context context;
    jalon::asio_loop loop(context);
    return detail::serve(loop, service, options, std::move(how), codec);
  }
#endif
  jalon::reactor loop(detail::make_poller(options.loop));
  return detail::serve(loop, service, options, std::move(how), codec);
}

}  // namespace program
