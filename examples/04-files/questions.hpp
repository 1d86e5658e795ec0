// Questions that the user answers with Y or N. One stands at a time, so that an answer can mean no
// other. What is asked, and what follows from the answer, is known to those who ask. Chapter:
// tutorial/04-files.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/reactor.hpp>
#include <jalon/utf8.hpp>

#include "chat/client_core.hpp"

namespace chat {

/// The questions to the user, answered in the order in which they were asked.
///
/// The lines `Y` and `N` answer the question that stands, which the prompt names. A line counts
/// only if it was typed after that question was shown: otherwise the user meant another question,
/// or none. If it was begun before and ended after, the user is asked again. So it is if the line
/// comes sooner than anybody can read: a display may be late, as over a slow link, and then the
/// user still saw another question; or Enter was pressed twice.
class questions {
 public:
  /// Called once, if the question is answered.
  using answer_handler = std::function<void(bool yes)>;

  /// A question. Its two parts are shown on one line.
  struct question {
    std::string what;  ///< what it is about: `alice wants to send you "notes.txt" (1.2 MB).`
    std::string ask;   ///< what is asked: `Accept?`
    std::string name;  ///< for the prompt: `Accept from alice: notes.txt`; use `short_name`
    answer_handler answered;
  };

  /// At most 40 bytes of the name of a file, so that a prompt has room for the rest.
  static std::string short_name(std::string_view file) {
    constexpr std::size_t most = 40;
    return file.size() <= most ? std::string(file)
                               : std::string(jalon::utf8_prefix(file, most)).append("...");
  }

  /// Registers with @p client, which outlives it, as the loop does.
  /// @param reading_time how long a question is shown before an answer counts
  questions(jalon::reactor& loop, client_core& client,
            std::chrono::milliseconds reading_time = std::chrono::milliseconds(0))
      : loop_(loop), client_(client), reading_time_(reading_time) {
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
        !all_.empty() && standing_ == all_.front().number && !client_.was_typed_before(shown_);
    return counts ? standing_ : std::nullopt;
  }

  /// Asks again if the line that is being run answers the question that stands, but was or may have
  /// been begun before it was shown, or came before it could be read. @return whether it did
  bool asks_again() {
    if (!answered_by_this_line()) return false;
    const bool begun_before = was_begun_before();
    if (!begun_before && read_ && !client_.was_typed_before(*read_)) return false;
    client_.show(begun_before
                     ? "You began to type this before you were asked. Please answer again."
                     : "You were asked only just now. Please read the question and answer again.",
                 look::failure);
    show_first();
    return true;
  }

 private:
  struct numbered {
    std::uint64_t number;
    question content;
  };

  // If nobody knows when the line was begun, it may have been for a question that stood before, if
  // no line was typed in between.
  bool was_begun_before() const {
    return client_.was_begun_before(shown_) && (client_.knows_begin() || replaces_other_);
  }

  void show_first() {
    standing_.reset();
    if (all_.empty()) return static_cast<void>(client_.set_question({}));
    standing_ = all_.front().number;
    replaces_other_ = std::exchange(has_asked_, true) && client_.lines_typed() == shown_.lines;
    shown_ = client_.set_question(all_.front().content.name + "? [Y/N] ");
    client_.show(all_.front().content.what + ' ' + all_.front().content.ask + " [Y/N]");
    begin_reading_time();
  }

  // Lines are compared with the moment at which it ends, because a line may be run long after it
  // was typed. It begins in the next turn: the prompt is drawn at the end of this one, and that
  // waits for a terminal that is slow.
  void begin_reading_time() {
    read_.reset();
    if (reading_time_.count() == 0) return static_cast<void>(read_ = shown_);
    reading_ = loop_.at(loop_.now(), [this] {
      reading_ = loop_.at(loop_.now() + reading_time_, [this] { read_ = client_.now(); });
    });
  }

  bool run_yes_or_no(std::string_view line) {
    const bool yes = line == "Y" || line == "y";
    if (!yes && line != "N" && line != "n") return false;
    const auto number = answered_by_this_line();
    if (!number) return false;
    if (asks_again()) return true;
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
  client_core::moment shown_;              // when it was
  bool has_asked_ = false;                 // a question was shown before
  bool replaces_other_ = false;            // and no line was typed since then
  jalon::reactor::timer_type next_;
  std::chrono::milliseconds reading_time_;
  jalon::reactor::timer_type reading_;
  std::optional<client_core::moment> read_;  // when its reading time ended
};

}  // namespace chat
