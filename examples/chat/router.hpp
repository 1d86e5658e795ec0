// Takes each request to the unit that handles it, and sends each request one answer; only the
// answer `ok` is left out if the request has no id. The router does not know what a request means.
// Chapter: tutorial/02-users.
//
//     line --> JSON object --> its "type" --> unit.handle(from, request, out) --> answer
//
// The router is a service of the toolkit (jalon/service.hpp): lines go in, actions come out. The
// units (session.hpp, and the rules of each milestone) see typed messages: no socket, no clock, no
// JSON.
//
// To add a request: (1) a struct for it, and one for its answer, in messages.hpp of its milestone;
// (2) in rules.hpp, the unit on the server: an overload of `handle`, and the type in `route<...>`;
// (3) in commands.hpp, the unit on the client: a command that sends it, and an overload of `handle`
// that shows the answer; (4) its description in docs/protocol.md. A rule about what other units
// send, such as muting, is a question that they ask (`users::find` is one).
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>
#include <jalon/service.hpp>

#include "session_messages.hpp"

namespace chat {

using jalon::actions;
using jalon::connection_id;

/// The one direct answer to a request: a message, an error, or only that it is done. It may hold
/// views of the request, because it is sent before the next line is read.
class answer {
 public:
  /// Done, with nothing else to say.
  static answer done() {
    answer made{ok{}};
    made.only_with_id_ = true;
    return made;
  }

  /// Refused. @param code from the table in docs/protocol.md
  static answer refused(std::string_view code, std::string reason) {
    return answer{error{std::string(code), std::move(reason)}};
  }

  /// The message that the protocol names.
  template <jalon::message Message>
  explicit answer(Message message)
      : append_([message = std::move(message)](std::string& line, const jalon::message_id& id) {
          jalon::append_message(line, message, id);
        }) {}

  /// The server closes the connection after this answer.
  answer then_close() && {
    closes_ = true;
    return std::move(*this);
  }

 private:
  friend class router;

  std::function<void(std::string&, const jalon::message_id&)> append_;
  bool only_with_id_ = false;
  bool closes_ = false;
};

/// How far a request reaches at most, besides a short answer to its sender.
struct reach {
  std::size_t clients = 1;       ///< others that get a line about as long as the request
  std::size_t answer_bytes = 0;  ///< of its answer, if that may be long
};

/// Who may send a request.
enum class access {
  anyone,  ///< also a client that has no nick yet
  named,   ///< only a client that has a nick
};

/// The chat, as its host sees it. Its units register the requests that they handle; the list of
/// units is what makes a milestone.
class router final : public jalon::service {
 public:
  /// Called for each new connection.
  using connected_handler = std::function<void(connection_id, const jalon::arrival&, actions&)>;
  /// Called when a connection has ended.
  using disconnected_handler = std::function<void(connection_id, actions&)>;
  /// Tells whether a connection has a nick.
  using nick_check = std::function<bool(connection_id)>;
  /// Tells whether a connection is still there, and not only the news of its end is missing.
  using presence_check = std::function<bool(connection_id, actions&)>;
  /// Returns the name of a connection for the server's log; empty if it has none.
  using name_source = std::function<std::string(connection_id)>;

  // What units call, before the first connection.

  /// Announces what a unit can do.
  void add_feature(std::string name) { features_.push_back(std::move(name)); }

  /// What the units can do, in the order in which they were added.
  const std::vector<std::string>& features() const noexcept { return features_; }

  /// Has @p handler called for each new connection, after those that were added before.
  void on_connected(connected_handler handler) { connected_.push_back(std::move(handler)); }

  /// Has @p handler called when a connection has ended, after those that were added before.
  void on_disconnected(disconnected_handler handler) {
    disconnected_.push_back(std::move(handler));
  }

  /// Sets how to tell whether a connection has a nick. Without it, no request needs one.
  void set_nick_check(nick_check has_nick) { has_nick_ = std::move(has_nick); }

  /// Sets how the server's log names a connection. Without it, by its address alone.
  void set_name_source(name_source name_of) { name_of_ = std::move(name_of); }

  /// Has @p unit handle the requests of these types, by a public overload for each of them:
  ///
  ///     answer handle(connection_id from, const join& request, actions& out);
  ///
  /// It adds what other clients get to `out`, and returns the answer, which is sent after that.
  /// If a request may concern more clients than one, or have a long answer, the unit says so:
  ///
  ///     reach reach_of(connection_id from, const join& request) const;
  ///
  /// @param allowed who may send these requests; the router refuses them to others
  template <jalon::message... Requests, class Unit>
  void route(access allowed, Unit& unit) {
    (route_one<Requests>(allowed, unit), ...);
  }

  // What units call, during a request.

  /// Whether @p id, of which no end is known yet, is still there. If it is not, the router has
  /// called all that `on_disconnected` has registered: its nick is free.
  bool is_present(connection_id id, actions& out) { return !is_present_ || is_present_(id, out); }

  // What the policy calls (policy.hpp).

  /// Sets how to tell whether a connection is still there. Without it, each is until its end is
  /// handled.
  void set_presence_check(presence_check is_present) { is_present_ = std::move(is_present); }

  /// Whether @p id has to take a nick before it can use this chat. @pre it is connected
  bool lacks_nick(connection_id id) const { return has_nick_ && !has_nick_(id); }

  /// How far @p line would reach if it were carried out now. Changes nothing.
  reach reach_of(connection_id from, std::string_view line) {
    const auto object = reader_.read(line);
    const auto type = object ? jalon::read_head(*object).type : std::nullopt;
    const auto found = type ? requests_.find(*type) : requests_.end();
    if (found == requests_.end() || !found->second.measure) return {};
    return found->second.measure(from, *object);
  }

  /// Answers @p line with @p refusal, instead of carrying it out.
  void refuse(connection_id from, std::string_view line, const answer& refusal, actions& out) {
    if (line.empty()) return;
    const auto object = reader_.read(line);
    const auto id = object ? jalon::read_head(*object).id : std::nullopt;
    send_answer(from, id.value_or(jalon::message_id{}), refusal, out);
  }

  // What the host calls (jalon/service.hpp).

  void connected(connection_id id, const jalon::arrival& arrival, actions& out) override {
    for (const auto& handler : connected_) handler(id, arrival, out);
  }

  void received(connection_id from, std::string_view line, actions& out) override {
    if (line.empty()) return;
    const auto object = reader_.read(line);
    if (!object) {
      return send_answer(from, {}, answer::refused("bad_json", "a line must be one JSON object"),
                         out);
    }
    const auto head = jalon::read_head(*object);
    if (!head.id) return send_answer(from, {}, bad_id(), out);
    send_answer(from, *head.id, dispatch(from, head.type, *object, out), out);
  }

  void malformed(connection_id from, std::error_code /*too_long*/, actions& out) override {
    send_answer(from, {}, answer::refused("line_too_long", "a line has at most 65536 bytes"), out);
  }

  void disconnected(connection_id id, jalon::departure /*why*/, actions& out) override {
    for (const auto& handler : disconnected_) handler(id, out);
  }

  std::string describe(connection_id id) const override { return name_of_(id); }

 private:
  struct entry {
    access allowed = access::named;
    std::function<answer(connection_id, jalon::json_object, actions&)> respond;
    std::function<reach(connection_id, jalon::json_object)> measure;  // empty: at most one client
  };

  template <jalon::message Request, class Unit>
  void route_one(access allowed, Unit& unit) {
    entry& added = requests_[Request::type];
    added.allowed = allowed;
    added.respond = [&unit](connection_id from, jalon::json_object object, actions& out) {
      Request request;
      const auto failure = jalon::read_message(object, request);
      return failure ? unreadable(*failure) : unit.handle(from, request, out);
    };
    if constexpr (requires(const Request& request) { unit.reach_of({}, request); }) {
      added.measure = [&unit](connection_id from, jalon::json_object object) {
        Request request;
        return jalon::read_message(object, request) ? reach{} : unit.reach_of(from, request);
      };
    }
  }

  answer dispatch(connection_id from, std::optional<std::string_view> type,
                  jalon::json_object object, actions& out) {
    if (!type) return answer::refused("bad_request", "type: a string is needed");
    const auto found = requests_.find(*type);
    if (found == requests_.end())
      return answer::refused("unknown_type", "this server knows no such request");
    if (found->second.allowed == access::named && lacks_nick(from))
      return answer::refused("nick_required", "please login with /nick <your nick>");
    return found->second.respond(from, object, out);
  }

  static answer bad_id() {
    return answer::refused("bad_request", "id: a string of at most 64 bytes, or an integer");
  }

  static answer unreadable(const jalon::read_failure& failure) {
    if (failure.code.empty()) {
      return answer::refused("bad_request",
                             std::string(failure.field) + " is missing or of the wrong kind");
    }
    return answer::refused(failure.code, std::string(failure.reason));
  }

  static void send_answer(connection_id to, const jalon::message_id& id, const answer& sent,
                          actions& out) {
    const bool has_id = !std::holds_alternative<std::monostate>(id);
    if (has_id || !sent.only_with_id_)
      out.send(to, [&](std::string& line) { sent.append_(line, id); });
    if (sent.closes_) out.close(to);
  }

  jalon::json_reader reader_;
  std::vector<std::string> features_;
  std::vector<connected_handler> connected_;
  std::vector<disconnected_handler> disconnected_;
  nick_check has_nick_;        // empty if there are no nicks
  presence_check is_present_;  // empty if ends are never handled late
  name_source name_of_ = [](connection_id) { return std::string(); };
  std::unordered_map<std::string_view, entry> requests_;  // by type
};

}  // namespace chat
