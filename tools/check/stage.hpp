// The environment of one check: the graded program, its peers, the event loop, and the recording.
#pragma once

#include <signal.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <jalon/reactor.hpp>

#include "common/dialect.hpp"
#include "common/recording.hpp"
#include "console.hpp"
#include "host.hpp"
#include "subject.hpp"
#include "user.hpp"

namespace check {

/// The options that all checks of a run share.
struct stage_options {
  tools::dialect dialect = {};
  subject_options program = {};
  bool client = false;    ///< the program is a client, and the checker plays its server
  std::string host = {};  ///< the address of a server that runs already; empty: start the program
  std::chrono::milliseconds patience{3000};        ///< the longest wait for an answer
  std::chrono::milliseconds start_timeout{10000};  ///< the longest wait for the program to start
  std::uint64_t seed = 1;
  /// The request that shows whether a user is served: "echo", "msg", "whois" or "who", each with
  /// the word that its answer must contain; "any": whatever answers at all.
  std::string ping = "echo";
  std::string opening = {};                  ///< what a client sends before its first request
  bool creator_joins = false;                ///< who creates a channel has to join it too
  std::chrono::milliseconds latency{0};      ///< the time that one answer takes
  std::chrono::milliseconds settling{1500};  ///< the longest wait for a program to come to rest
  std::size_t size = 0;                      ///< the size of a check's input; 0: the usual size
};

/// Runs one check's program and its peers.
class stage {
 public:
  /// Starts nothing yet. @param seed for random words, numbers and cuts
  explicit stage(stage_options options, std::uint64_t seed);

  /// Starts the program. A server: waits until it listens. A client: listens before it starts.
  void open();
  /// Stops the program and starts it again, on the same port.
  void restart();

  /// Connects a user, who sends nothing yet.
  user& connect(const std::string& name);
  /// Connects @p number users, one right after the other.
  std::vector<user*> connect_crowd(std::size_t number);
  /// Adds a fact to the story if the kernel has dropped connections for want of a place in the
  /// program's backlog.
  void note_if_backlog_full();
  /// Connects a user, takes a nick where the dialect has nicks, and waits until the user is served.
  user& sign_in(const std::string& name);
  /// Signs in @p number users.
  std::vector<user*> sign_in_users(std::size_t number);

  // For a graded client.

  /// The server that the client is connected to. Waits for the connection at the first call.
  host& server();
  /// The user at the client's terminal.
  console& terminal();
  /// Closes the listener: a client that is started next cannot connect.
  void stop_listening() { listener_.reset(); }
  /// Connects a peer to a port of the program.
  peer& connect_to(const std::string& name, std::uint16_t port);
  /// Listens for connections of the program to another peer. @return the port
  std::uint16_t listen();
  /// Accepts such a connection.
  peer& accept(const std::string& name);
  /// Allows the program to exit. @throws failure if it was killed by a signal
  void program_may_end();
  /// Waits until the program exits. @throws failure if it does not, or not with @p status
  void program_ends(std::optional<int> status = {});

  /// A random word of 7 letters. It identifies a message in what is received.
  std::string word();
  /// The seed of this check's random choices.
  std::uint64_t seed() const noexcept { return seed_; }
  /// A random number below @p bound, the same for the same seed.
  std::size_t random_below(std::size_t bound) { return random_() % bound; }
  /// The size of a check's input: @p usual, or less while the least input that fails is searched.
  std::size_t input_size(std::size_t usual) const {
    return options_.size == 0 ? usual : options_.size;
  }
  /// Adds a text of the catalogue to the story.
  void note(const std::string& id, const tools::arguments& values = {});

  /// The number of times that something is done, which costs @p events answers each: @p usual, or
  /// less if the program is so slow that it would take too long.
  std::size_t affordable(std::size_t usual, std::size_t events = 1) const;

  /// Runs the loop until @p done, for at most @p limit. @return whether it is done
  bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit);
  /// The same with the usual patience.
  bool run_until(const std::function<bool()>& done) { return run_until(done, options_.patience); }
  /// Runs the loop for @p time.
  void run_for(std::chrono::milliseconds time);

  /// @throws failure if @p condition does not become true in time
  void expect(const std::function<bool()>& condition, catalogue_text expected,
              catalogue_text actual);
  /// @throws failure if the program has ended
  void program_still_runs();
  /// @throws failure if a sanitizer has reported a fault of the program
  void program_is_sound();
  /// @p witness and a new user are both served.
  void others_are_served(user& witness);

  // The state of the program.

  bool starts_programs() const { return options_.host.empty(); }
  /// Whether the program has ended. Its sockets are closed before the process can be waited for, so
  /// this may wait for a moment.
  bool program_has_ended();
  subject& program();
  void send_signal(int number);
  /// Whether the checker has stopped it with SIGSTOP.
  bool is_stopped() const noexcept { return signal_sent_ == SIGSTOP; }
  /// Waits until the program has read what @p partner has sent and waits for more, or as long as
  /// that took before. @return whether it has come to rest
  bool comes_to_rest(const peer& partner);
  /// Waits until the program has accepted and handled whatever has happened.
  void catches_up();
  /// Interrupts the program's blocking calls: with SIGSTOP and SIGCONT, after which @p
  /// check_service is called, and with each signal for which the program has a handler.
  void interrupt(const std::function<void()>& check_service);
  /// The program uses no processor time. @throws failure
  void program_is_idle();
  std::size_t descriptors() const;
  std::uint64_t memory() const;
  /// The program's use of one core over @p time, relative to the time in which other programs left
  /// that core free. A busy machine thus does not hide a busy loop.
  int cpu_percent(std::chrono::milliseconds time);
  /// The program's end of @p partner's connection: unread and unsent bytes, and its descriptor.
  connection_evidence evidence_of(const peer& partner) const;
  /// Adds a fact to the story if the program has unsent bytes for @p partner.
  void note_if_full(const peer& partner);
  /// Sends by @p turn until no more goes to @p reader, who does not read: the kernel's buffers are
  /// full, and the program keeps the rest or waits. Ends also when @p turn returns false, or after
  /// a mebibyte in messages of @p bytes.
  void fill_the_way_to(const peer& reader, std::size_t bytes, const std::function<bool()>& turn);
  /// @throws cannot_judge if the program is slow and all that it has sent to @p reader, who does
  /// not read, still fits into the kernel's buffers
  void require_full(const peer& reader);
  /// Whether the program has read everything that @p partner has sent.
  bool has_read_all_of(const peer& partner) const;
  /// Whether it has also returned to a blocking call, so that it has handled what it read.
  bool has_handled_all_of(const peer& partner) const;

  /// The evidence from the system and the story, at this moment or when it was kept.
  evidence gather_evidence();
  /// Keeps the present evidence. A check that has failed calls this before it acts on the program
  /// to find the reason.
  void keep_evidence() { kept_evidence_ = gather_evidence(); }

  const tools::dialect& dialect() const noexcept { return options_.dialect; }
  const stage_options& options() const noexcept { return options_; }
  tools::recording& story() noexcept { return story_; }
  jalon::reactor& loop() noexcept { return loop_; }

 private:
  jalon::stream_socket open_socket(const std::string& name);
  jalon::stream_socket open_socket(const std::string& name, const std::string& host,
                                   std::uint16_t port);
  bool program_waits() const;
  bool program_rests() const;
  bool is_spent() const;
  void start();
  void poll_program();
  void wait_until_listening();
  jalon::stream_socket accept_connection(jalon::listener& listener, const catalogue_text& expected);
  std::vector<std::string> facts() const;

  stage_options options_;
  jalon::reactor loop_;
  tools::recording story_;
  std::uint64_t seed_;
  std::mt19937_64 random_{seed_};
  std::unique_ptr<subject> program_;
  std::vector<std::unique_ptr<peer>> peers_;
  std::optional<jalon::listener> listener_;       // for the graded client
  std::optional<jalon::listener> peer_listener_;  // for its connections to other clients
  host* server_ = nullptr;
  console* terminal_ = nullptr;
  bool may_end_ = false;
  std::optional<evidence> kept_evidence_;
  std::uint16_t port_ = 0;
  std::size_t descriptors_before_ = 0;
  std::uint64_t memory_before_ = 0;
  int signal_sent_ = 0;
  std::uint64_t dropped_before_ = 0;
};

}  // namespace check
