// Questions that the user answers with Y or N. One stands at a time, so that an answer can mean no
// other. What is asked, and what follows from the answer, is known to those who ask. Chapter:
// tutorial/04-files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/reactor.hpp>

#include "chat/client_core.hpp"

namespace chat {

/// The questions to the user, answered in the order in which they were asked.
///
/// The lines `Y` and `N` answer the question that stands. A line counts only if it was typed after
/// that question was shown: otherwise the user meant another question, or none.
class questions {
 public:
  /// Called once, if the question is answered.
  using answer_handler = std::function<void(bool yes)>;

  /// A question. Its two parts are shown on one line.
  struct question {
    std::string what;  ///< what it is about: `alice wants to send you "notes.txt" (1.2 MB).`
    std::string ask;   ///< what is asked: `Accept?`
    answer_handler answered;
  };

  /// Registers with @p client, which outlives it, as the loop does.
  questions(jalon::reactor& loop, client_core& client) : loop_(loop), client_(client) {
    client.on_plain_line([this](std::string_view line) { return run_yes_or_no(line); });
  }
  questions(const questions&) = delete;
  questions& operator=(const questions&) = delete;

  /// Asks the user. If another question stands, it says what this one is about, and asks later.
  /// @return the number of the question
  std::uint64_t ask(question asked) {
    all_.push_back({++last_number_, std::move(asked)});
    if (all_.size() == 1 && !standing_)
      show_first();
    else
      client_.show(all_.back().content.what + " You will be asked later.");
    return last_number_;
  }

  /// Takes a question back, for which an answer has come in another way, or is not needed any more.
  void withdraw(std::uint64_t number) {
    all_.remove_if([&](const numbered& other) { return other.number == number; });
    if (standing_ != number) return;
    // The next one is shown in a later turn of the loop: lines that were read together with the
    // answer to this one were typed before it.
    next_ = loop_.at(loop_.now(), [this] { show_first(); });
  }

  /// The question that the line that is being run answers; nothing if the line was typed before
  /// the question was shown.
  std::optional<std::uint64_t> answered_by_this_line() const {
    const bool counts =
        !all_.empty() && standing_ == all_.front().number && client_.lines_run() > lines_before_;
    return counts ? standing_ : std::nullopt;
  }

 private:
  struct numbered {
    std::uint64_t number;
    question content;
  };

  void show_first() {
    standing_.reset();
    if (all_.empty()) return;
    standing_ = all_.front().number;
    lines_before_ = client_.lines_typed();
    client_.show(all_.front().content.what + ' ' + all_.front().content.ask + " [Y/N]");
  }

  bool run_yes_or_no(std::string_view line) {
    const bool yes = line == "Y" || line == "y";
    if (!yes && line != "N" && line != "n") return false;
    const auto number = answered_by_this_line();
    if (!number) return false;
    const answer_handler answered = std::move(all_.front().content.answered);
    withdraw(*number);
    answered(yes);
    return true;
  }

  jalon::reactor& loop_;
  client_core& client_;
  std::list<numbered> all_;  // the first one is shown or will be
  std::uint64_t last_number_ = 0;
  std::optional<std::uint64_t> standing_;  // the one that was shown last
  std::uint64_t lines_before_ = 0;         // typed before it was shown
  jalon::reactor::timer_type next_;
};

}  // namespace chat
