// A service that writes down all that it is told, and does what its test says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <jalon/service.hpp>

namespace support {

/// Clients are numbered from 1, in the order in which they came. In the story the first three have
/// names: anna, bob and carol.
class recording_service : public jalon::service {
 public:
  using answer_function =
      std::function<void(std::size_t who, std::string_view line, jalon::actions& out)>;

  void connected(jalon::connection_id id, const jalon::arrival& how, jalon::actions& out) override {
    ids_.push_back(id);
    arrivals.push_back(how);
    tell(id, "connected");
    if (on_connected) on_connected(number_of(id), {}, out);
  }

  void received(jalon::connection_id id, std::string_view line, jalon::actions& out) override {
    tell(id, "says " + std::string(line));
    answer(number_of(id), line, out);
  }

  void malformed(jalon::connection_id id, std::error_code error, jalon::actions& out) override {
    tell(id, error.message());
    out.send(id, "what?");
  }

  void input_ended(jalon::connection_id id, jalon::actions& out) override {
    if (!on_input_ended) return out.close(id);
    tell(id, "ends");
    on_input_ended(number_of(id), {}, out);
  }

  void end_of_turn(jalon::actions& out) override {
    if (on_end_of_turn) on_end_of_turn(0, {}, out);
  }

  void disconnected(jalon::connection_id id, jalon::departure how, jalon::actions& out) override {
    tell(id, std::string("gone, ") + name_of(how));
    if (on_disconnected) on_disconnected(number_of(id), {}, out);
  }

  void released(jalon::connection_id /*id*/) noexcept override { ++sockets_closed; }

  std::string describe(jalon::connection_id id) const override { return called(number_of(id)); }

  void elapsed(jalon::steady_time now, jalon::actions& out) override {
    story.emplace_back("elapsed");
    elapsed_at.push_back(now);
    if (on_elapsed) on_elapsed(0, {}, out);
  }

  /// The id of the client that came as number @p who.
  jalon::connection_id id_of(std::size_t who) const { return ids_.at(who - 1); }

  /// The ids of all that ever came.
  const std::vector<jalon::connection_id>& ids() const { return ids_; }

  std::vector<std::string> story;
  std::vector<jalon::arrival> arrivals;
  std::vector<jalon::steady_time> elapsed_at;
  std::size_t sockets_closed = 0;  ///< of clients that are gone
  /// What is done with a line; an echo, if a test says nothing.
  answer_function answer = [this](std::size_t who, std::string_view line, jalon::actions& out) {
    out.send(id_of(who), line);
  };
  answer_function on_connected;
  answer_function on_disconnected;
  answer_function on_elapsed;
  answer_function on_input_ended;
  answer_function on_end_of_turn;

 private:
  std::size_t number_of(jalon::connection_id id) const {
    const auto at = std::find(ids_.begin(), ids_.end(), id);
    return static_cast<std::size_t>(at - ids_.begin()) + 1;
  }

  void tell(jalon::connection_id id, const std::string& what) {
    story.push_back(called(number_of(id)) + ' ' + what);
  }

  static std::string called(std::size_t who) {
    constexpr std::array names{"anna", "bob", "carol"};
    return who <= names.size() ? names.at(who - 1) : "client " + std::to_string(who);
  }

  static const char* name_of(jalon::departure how) {
    switch (how) {
      case jalon::departure::end_of_input:
        return "end of input";
      case jalon::departure::broken:
        return "broken";
      case jalon::departure::not_reading:
        return "not reading";
      case jalon::departure::stalled:
        return "stalled";
      case jalon::departure::unfinished_frame:
        return "unfinished frame";
      case jalon::departure::memory_limit:
        return "memory limit";
      case jalon::departure::asked:
        return "asked";
    }
    return "for no reason";
  }

  std::vector<jalon::connection_id> ids_;
};

}  // namespace support
