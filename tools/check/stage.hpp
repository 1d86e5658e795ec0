// Where a check is played: the graded program, the users, the time, and the story so far.
// No check stands here.
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

/// What all checks of a run have in common.
struct settings {
  tools::dialect dialect = {};
  subject_options program = {};
  bool client = false;                       ///< the program is a client: the checker is its server
  std::string host = {};                     ///< of a server that runs already; empty: start one
  std::chrono::milliseconds patience{3000};  ///< for an answer
  std::chrono::milliseconds to_start{10000};  ///< it may take, an interpreter too
  std::uint64_t seed = 1;
  std::string ping = "echo";  ///< what shows that one is served
  std::size_t size = 0;       ///< of a check's input, where it is to be less than usual
};

/// One check's own program and users.
class stage {
 public:
  /// Starts nothing yet.
  explicit stage(settings with, std::uint64_t seed);

  /// Starts the program. Waits until it listens; for a client, listens first.
  void open();
  /// Ends the program and starts it anew, on the same port.
  void restart();

  /// Somebody who has connected, and no more.
  user& guest(const std::string& name);
  /// Somebody who has connected and taken a nick, where there are nicks, and is served.
  user& somebody(const std::string& name);
  /// As many as that.
  std::vector<user*> crowd(std::size_t number);

  // Around a client.

  /// The server that it has connected to.
  host& server();
  /// Who sits at its terminal.
  console& terminal();
  /// Nobody listens any more: what is started next finds no server.
  void shuts_down() { listener_.reset(); }
  /// Somebody who has connected to a port of the program's.
  peer& caller(const std::string& name, std::uint16_t port);
  /// A port where another may be called by the program.
  std::uint16_t opens_line();
  /// Who has been called there.
  peer& called(const std::string& name);
  /// The program may end by itself. @throws failure if a signal has ended it
  void program_may_end();
  /// The program ends by itself. @throws failure if it does not, or with a status not @p due
  void program_ends(std::optional<int> due = {});

  /// A word that nobody has said before: letters, 7 of them.
  std::string word();
  /// By which words, numbers and cuts are chosen.
  std::uint64_t seed() const noexcept { return seed_; }
  /// A number below @p bound, the same for the same seed.
  std::size_t below(std::size_t bound) { return random_() % bound; }
  /// How much input a check is to make: @p usual, or less, to find the least that fails.
  std::size_t size(std::size_t usual) const { return with_.size == 0 ? usual : with_.size; }
  /// Adds a sentence of the catalogue to the story.
  void note(const std::string& id, const tools::arguments& values = {});

  /// Turns the loop until @p done, or for at most @p limit. @return whether it is done
  bool until(const std::function<bool()>& done, std::chrono::milliseconds limit);
  /// The same with the usual patience.
  bool until(const std::function<bool()>& done) { return until(done, with_.patience); }
  /// Lets time pass, where what is measured is time.
  void pass(std::chrono::milliseconds time);

  /// @throws failure due @p due if @p holds does not come true in time
  void expect(const std::function<bool()>& holds, said due, said came);
  /// @throws failure if the program has ended
  void program_lives();
  /// Both one who was there and one who comes now are served.
  void others_are_served(user& witness);

  // What the program is up to.

  bool starts_programs() const { return with_.host.empty(); }
  /// Whether the program has ended, also if its end has only been seen at its sockets so far.
  bool program_has_ended();
  subject& program();
  void signals(int number);
  /// Interrupts what it waits in: by a stop, after which it must go on as @p goes_on says, and by
  /// each signal that it handles.
  void interrupts(const std::function<void()>& goes_on);
  /// It uses no processor time. @throws failure
  void is_idle();
  std::size_t descriptors() const;
  std::uint64_t memory() const;
  /// Of one core, over @p time; of the time in which other programs left it one, so that a busy
  /// machine hides nothing.
  int cpu_percent(std::chrono::milliseconds time);
  /// The server's end of @p one's connection: what is unread, unsent, and whether it is held.
  connection_evidence evidence_of(const peer& one) const;
  /// Adds to the story that the way to @p one is full, if it is.
  void notes_whether_full(const peer& one);
  /// Whether the server has read all that @p one has sent.
  bool has_read_all_of(const peer& one) const;

  /// The same, and the program waits for something again: what it had to answer, it has answered.
  bool is_done_with(const peer& one) const;

  /// What the system and the story say, now; what the system said when it was kept.
  evidence gather();
  /// Keeps what the system says: a check has failed, and goes on to find out why.
  void keeps_evidence() { kept_ = gather(); }

  const tools::dialect& speech() const noexcept { return with_.dialect; }
  const settings& with() const noexcept { return with_; }
  tools::recording& story() noexcept { return story_; }
  jalon::reactor& loop() noexcept { return loop_; }

 private:
  jalon::stream_socket connect(const std::string& name);
  jalon::stream_socket connect(const std::string& name, const std::string& host,
                               std::uint16_t port);
  bool program_waits() const;
  void start();
  void look();
  void await_listening();
  jalon::stream_socket await_connection(jalon::listener& at, const said& due);
  std::vector<std::string> facts() const;

  settings with_;
  jalon::reactor loop_;
  tools::recording story_;
  std::uint64_t seed_;
  std::mt19937_64 random_{seed_};
  std::unique_ptr<subject> program_;
  std::vector<std::unique_ptr<peer>> peers_;
  std::optional<jalon::listener> listener_;  // where a client is to connect
  std::optional<jalon::listener> line_;      // where it is to call another
  host* server_ = nullptr;
  console* terminal_ = nullptr;
  bool may_end_ = false;
  std::optional<evidence> kept_;
  std::uint16_t port_ = 0;
  std::size_t descriptors_before_ = 0;
  std::uint64_t memory_before_ = 0;
  int signal_sent_ = 0;
};

}  // namespace check
