// A server's main: any service, on the loop that the command line names.
// What the service does is not known here.
#pragma once

#include <signal.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/reactor.hpp>
#include <jalon/server.hpp>
#include <jalon/signal_set.hpp>

#include "options.hpp"

#ifdef JALON_EXAMPLES_WITH_ASIO
#include <jalon/asio_loop.hpp>
#endif

namespace program {

namespace detail {

/// A line of the log, on standard error.
void log(std::string_view line);

/// The first words: on standard output where it listens, on the log what goes without saying.
void announce(const jalon::endpoint& local, const server_options& options);

/// What the process needs once: room for many descriptors, and to outlive the reader of its log.
void prepare_process();

/// The toolkit's options, completed by those of the command line.
jalon::server_options complete(jalon::server_options how, const server_options& options);

/// What a reactor of this kind waits with. The command line names none that is not built in.
jalon::reactor::any_poller make_poller(loop_kind kind);

template <class Loop, jalon::service Service>
int serve(Loop& loop, Service& service, const server_options& options, jalon::server_options how) {
  if (options.trace) loop.set_trace(log);
  jalon::signal_set signals{SIGINT, SIGTERM};
  jalon::server server(loop, jalon::listener(options.at), service, std::move(how));
  bool leaving = false;
  const auto watch = loop.watch(
      signals.fd(), jalon::io_events::read,
      [&](jalon::io_events) {
        while (signals.next()) {
          if (std::exchange(leaving, true)) return loop.stop();  // asked twice: at once
          server.shut_down(std::chrono::seconds(2), [&] { loop.stop(); });
        }
      },
      "signals");
  announce(server.local(), options);
  loop.run();
  return 0;
}

}  // namespace detail

/// Runs @p service for whoever connects, until SIGINT or SIGTERM; then what waits to be sent is
/// sent, for at most two seconds.
/// @param how what the service wants of its host; the command line's options are added
/// @return the program's exit status
/// @throws std::system_error that names the endpoint, if there is no listening there
template <jalon::service Service>
int run_server(Service& service, const server_options& options, jalon::server_options how = {}) {
  detail::prepare_process();
  how = detail::complete(std::move(how), options);
#ifdef JALON_EXAMPLES_WITH_ASIO
  if (options.loop == loop_kind::asio) {
    asio::io_context context;
    jalon::asio_loop loop(context);
    return detail::serve(loop, service, options, std::move(how));
  }
#endif
  jalon::reactor loop(detail::make_poller(options.loop));
  return detail::serve(loop, service, options, std::move(how));
}

}  // namespace program
