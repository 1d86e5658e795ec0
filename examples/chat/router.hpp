// Takes each request to the unit that answers it, and sees to it that it gets one answer.
// What any request means is not known here. Chapter: tutorial/02-users.
//
// It is a service of the toolkit (jalon/service.hpp): lines go in, actions come out. The units
// (users.hpp, and those of later milestones) see typed messages: no socket, no clock, no JSON.
#pragma once

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

/// The one direct answer to a request: a message, an error, or just that it is done. It may hold
/// views of the request: it is given before the next line is read.
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
  template <jalon::message M>
  explicit answer(M said)
      : append_([said = std::move(said)](std::string& line, const jalon::message_id& id) {
          jalon::append_message(line, said, id);
        }) {}

  /// The server parts from the client after it.
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

/// What a unit is told of connections.
struct connection_watcher {
  std::function<void(connection_id, const jalon::arrival&)> connected;
  std::function<void(connection_id, actions&)> disconnected;
  std::function<bool(connection_id)> has_nick;
};

/// Who may ask.
enum class access {
  anyone,  ///< also before a nick was taken
  named,   ///< only with a nick
};

/// The chat, as its host sees it. Its units register the requests that they answer; the list of
/// the units is what a milestone is.
class router {
 public:
  /// @param server_name name and version, for the greeting
  explicit router(std::string server_name) { greeting_.server = std::move(server_name); }

  // What units call, before the first connection.

  /// Announces what a unit can do.
  void add_feature(std::string name) { greeting_.features.push_back(std::move(name)); }

  /// Tells of connections, and asks for nicks.
  void watch_connections(connection_watcher watcher) { watcher_ = std::move(watcher); }

  /// Has a unit's method answer the requests of its parameter's type. What it wants sent to
  /// others goes into the actions; the answer that it returns goes out after them.
  template <class Unit, jalon::message Request>
  void on(access who_may, Unit& unit,
          answer (Unit::*respond)(connection_id from, const Request&, actions&)) {
    requests_[Request::type] = {
        who_may, [&unit, respond](connection_id from, jalon::json_object object, actions& out) {
          Request request;
          const auto failure = jalon::read_message(object, request);
          return failure ? unreadable(*failure) : (unit.*respond)(from, request, out);
        }};
  }

  // What the host calls (jalon/service.hpp).

  void connected(connection_id id, const jalon::arrival& arrival, actions& out) {
    watcher_.connected(id, arrival);
    out.send(id, jalon::as_line(greeting_));
  }

  void received(connection_id from, std::string_view line, actions& out) {
    if (line.empty()) return;
    const auto object = reader_.read(line);
    if (!object)
      return give(from, {}, answer::refused("bad_json", "a line must be one JSON object"), out);
    const auto head = jalon::read_head(*object);
    if (!head.id) {
      return give(from, {},
                  answer::refused("bad_request",
                                  "id: a string of at most 64 bytes, or "
                                  "an integer"),
                  out);
    }
    give(from, *head.id, judge(from, head.type, *object, out), out);
  }

  void malformed(connection_id from, std::error_code /*too_long*/, actions& out) {
    give(from, {}, answer::refused("line_too_long", "a line has at most 65536 bytes"), out);
  }

  void disconnected(connection_id id, jalon::departure /*how*/, actions& out) {
    watcher_.disconnected(id, out);
  }

 private:
  struct entry {
    access who_may = access::named;
    std::function<answer(connection_id, jalon::json_object, actions&)> respond;
  };

  answer judge(connection_id from, std::optional<std::string_view> type, jalon::json_object object,
               actions& out) {
    if (!type) return answer::refused("bad_request", "type: a string is needed");
    const auto found = requests_.find(*type);
    if (found == requests_.end())
      return answer::refused("unknown_type", "this server knows no such request");
    if (found->second.who_may == access::named && !watcher_.has_nick(from))
      return answer::refused("nick_required", "please login with /nick <your nick>");
    return found->second.respond(from, object, out);
  }

  static answer unreadable(const jalon::read_failure& failure) {
    if (failure.code.empty())
      return answer::refused("bad_request", std::string(failure.field) +
                                                " is missing or of the "
                                                "wrong kind");
    return answer::refused(failure.code, std::string(reason_for(failure.code)));
  }

  static void give(connection_id to, const jalon::message_id& id, const answer& given,
                   actions& out) {
    const bool has_id = !std::holds_alternative<std::monostate>(id);
    if (has_id || !given.only_with_id_)
      out.send(to, [&](std::string& line) { given.append_(line, id); });
    if (given.closes_) out.close(to);
  }

  jalon::json_reader reader_;
  hello greeting_;
  connection_watcher watcher_;
  std::unordered_map<std::string_view, entry> requests_;  // by type
};

static_assert(jalon::service<router>);

}  // namespace chat
