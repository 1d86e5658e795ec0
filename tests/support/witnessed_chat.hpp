// The whole chat in memory, with a witness: it sees what clients send and are sent, and from that
// alone, by the protocol, knows what must be true. After each move it asks the chat, as one user
// more. No unit of the chat is looked into here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

#include <jalon/json_message.hpp>
#include <jalon/json_reader.hpp>

#include "chat/names.hpp"
#include "memory_host.hpp"
#include "milestones.hpp"

namespace support {

/// Clients by number, from 1 on; 0 is the witness itself. Each act throws std::logic_error if
/// anybody is sent what the protocol does not allow, or not sent what it asks for.
class witnessed_chat {
 public:
  witnessed_chat() {
    connect();
    send(0, R"({"type":"nick","nick":"witness"})"
            "\n");
  }

  /// One more client. @return its number
  std::size_t connect() {
    clients_.push_back({host_.connect(jalon::endpoint::loopback(52'322))});
    observe(clients_.size() - 1, {});
    return clients_.size() - 1;
  }

  /// Whether the server has not closed this one.
  bool is_open(std::size_t who) const { return host_.is_open(clients_.at(who).id); }

  /// The name of one of the transfers that wait for an answer, whichever; `none` if none does.
  std::string transfer(std::size_t which) const {
    if (offers_.empty()) return "none";
    return std::next(offers_.begin(), static_cast<std::ptrdiff_t>(which % offers_.size()))->first;
  }

  /// @p who sends bytes, line by line.
  void send(std::size_t who, std::string_view bytes) {
    while (!bytes.empty() && is_open(who)) {
      const auto end = std::min(bytes.find('\n'), bytes.size() - 1) + 1;
      const std::string_view piece = bytes.substr(0, end);
      bytes.remove_prefix(end);
      clients_[who].unended += piece;
      host_.send(clients_[who].id, piece);
      observe(who, piece.ends_with('\n') ? take_line(who) : std::string());
    }
  }

  /// The input of @p who ends.
  void end_input(std::size_t who) {
    host_.end_input(clients_[who].id);
    const std::string last = std::exchange(clients_[who].unended, {});
    observe(who, last.size() < chat::max_line ? last : std::string());
  }

  /// The connection of @p who breaks.
  void disconnect(std::size_t who) {
    host_.disconnect(clients_[who].id);
    observe(who, {});
  }

  /// From now on @p who does not read.
  void deafen(std::size_t who) {
    clients_[who].deaf = true;
    host_.deafen(clients_[who].id);
  }

 private:
  using json = nlohmann::json;

  struct client {
    jalon::connection_id id;
    bool present = true;
    bool deaf = false;
    std::string unended = {};  // what it has sent since its last LF
    std::string nick = {};     // by its welcome
    std::string channel = {};  // by what it joined and left
  };

  struct offer {
    std::optional<std::size_t> sender, receiver;
  };

  // What one act led to.
  struct outcome {
    std::string line;                           // that the one who acted has ended, if any
    std::optional<jalon::json_object> request;  // that it was, in `requests_`
    std::vector<json> answers;                  // to the one who acted: with an id, or an error
    std::vector<std::size_t> receivers;         // of what the one who acted said
    std::string nick;                           // the one who acted, before
    std::string channel;
    bool refused = false;
    bool moved = false;  // somebody came, went, or goes by another nick
  };

  static void require(bool good, const std::string& due, const std::string& came) {
    if (!good) throw std::logic_error("due:  " + due + "\ncame: " + came);
  }

  // A line without its end, as the server takes it; a line that is too long is none.
  std::string take_line(std::size_t who) {
    std::string line = std::exchange(clients_[who].unended, {});
    if (line.size() > chat::max_line) return {};
    line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

  void observe(std::size_t actor, const std::string& line) {
    outcome seen;
    seen.line = line;
    seen.request = requests_.read(line);
    seen.nick = clients_[actor].nick;
    seen.channel = clients_[actor].channel;
    drain(actor, actor, seen);
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (i != actor) drain(i, actor, seen);
    }
    note_departures(seen);
    // Of who does not read it is not known what the answer was.
    if (!clients_[actor].deaf) {
      require_one_answer(seen);
      require_delivery(actor, seen);
    }
    if (!clients_[actor].deaf || is_open(actor)) forget_answered_offer(seen);
    require_no_orphans();
    require(host_.strays() == 0, "actions for those who are there", "one for somebody gone");
    if (seen.moved) audit();
  }

  void drain(std::size_t who, std::size_t actor, outcome& seen) {
    for (;;) {
      const delivery came = host_.next(clients_[who].id);
      if (came.what != delivery::line) return;
      const json message = json::parse(came.text, nullptr, false);
      require(message.is_object() && came.text.size() < chat::max_line &&
                  came.text.find('\n') == std::string::npos,
              "a line of JSON within the bound", came.text);
      take(who, actor, message, seen);
    }
  }

  void take(std::size_t who, std::size_t actor, const json& message, outcome& seen) {
    const std::string type = message.at("type");
    const bool answers = message.contains("id") || type == "error";
    if (answers) {
      require(who == actor, "answers to the one who asked alone", message.dump());
      seen.answers.push_back(message);
      seen.refused = type == "error";
    }
    require(type != "ok" || answers, "ok with an id", message.dump());
    if (needs_no_nick(type)) return;
    seen.moved = seen.moved || type == "welcome" || type == "joined" || type == "left";
    if (type == "welcome") {
      const std::string nick = message.at("nick");
      require(nick == text_of(*seen.request, "nick"), "the nick asked for", nick);
      clients_[who].nick = nick;
      return;
    }
    require(!clients_[who].nick.empty(), "a nick before this", message.dump());
    if (type == "joined" || type == "left") return take_move(who, actor, message);
    if (type == "msg" || type == "msgall" || type == "say") return take_words(who, message, seen);
    if (type.starts_with("file_")) take_offer(who, actor, message, seen);
  }

  static bool needs_no_nick(const std::string& type) {
    return type == "hello" || type == "pong" || type == "echo" || type == "bye" || type == "error";
  }

  void take_move(std::size_t who, std::size_t actor, const json& message) {
    client& told = clients_[who];
    const std::string channel = message.at("channel");
    if (who == actor && message.at("nick") == told.nick)
      told.channel = message.at("type") == "joined" ? channel : "";
    else
      require(channel == told.channel, "news of one's own channel", message.dump());
  }

  void take_words(std::size_t who, const json& message, outcome& seen) {
    const client& told = clients_[who];
    require(message.at("from") == seen.nick, "words from " + seen.nick, message.dump());
    require(!message.contains("to") || message.at("to") == told.nick, "words to " + told.nick,
            message.dump());
    if (message.contains("channel"))
      require(message.at("channel") == told.channel && told.channel == seen.channel,
              "words of one's own channel", message.dump());
    seen.receivers.push_back(who);
  }

  void take_offer(std::size_t who, std::size_t actor, const json& message, const outcome& seen) {
    const std::string type = message.at("type"), name = message.at("transfer");
    if (type == "file_offered" || type == "file_offer") {
      auto& place = type == "file_offer" ? offers_[name].receiver : offers_[name].sender;
      require(!place, "a new name for a transfer", message.dump());
      require(type == "file_offered" || message.at("from") == seen.nick,
              "an offer from " + seen.nick, message.dump());
      place = who;
      return;
    }
    const auto found = offers_.find(name);
    require(found != offers_.end(), "an offer that is open", message.dump());
    require(type == "file_cancel" || found->second.receiver == actor, "an answer of who was asked",
            message.dump());
    const bool may_be_cancelled = type == "file_cancel" && found->second.receiver == who;
    require(found->second.sender == who || may_be_cancelled, "an offer of one's own",
            message.dump());
    offers_.erase(found);
  }

  void note_departures(outcome& seen) {
    for (client& one : clients_) {
      if (!one.present || host_.is_open(one.id)) continue;
      seen.moved = true;
      one.present = false;
      one.nick.clear();
      one.channel.clear();
    }
  }

  static void require_one_answer(const outcome& seen) {
    if (!seen.request) {
      // A line that is too long has had its error when it became so.
      return require(seen.line.empty() || seen.answers.size() == 1, "one error", "not just that");
    }
    const auto id = jalon::read_head(*seen.request).id;
    const bool has_id = id && !std::holds_alternative<std::monostate>(*id);
    if (!id || has_id)
      require(seen.answers.size() == 1, "one answer to " + seen.line, "not just that");
    for (const json& answer : seen.answers) {
      require(answer.contains("id") == has_id && (!has_id || has_this_id(answer, *id)),
              "the id of " + seen.line, answer.dump());
      const std::string due = answer_to(*seen.request);
      require(answer.at("type") == "error" || answer.at("type") == due, due, answer.dump());
    }
  }

  static bool has_this_id(const json& message, const jalon::message_id& due) {
    jalon::json_reader reader;
    return jalon::read_head(reader.read(message.dump()).value()).id == due;
  }

  static std::string answer_to(jalon::json_object request) {
    static const std::map<std::string_view, std::string> named{
        {"nick", "welcome"},      {"who", "users"},       {"whois", "user"},
        {"echo", "echo"},         {"ping", "pong"},       {"quit", "bye"},
        {"create", "joined"},     {"join", "joined"},     {"leave", "left"},
        {"channels", "channels"}, {"members", "members"}, {"file_offer", "file_offered"}};
    const auto found = named.find(jalon::read_head(request).type.value_or(""));
    return found == named.end() ? "ok" : found->second;
  }

  // What was said and not refused has reached all whom it concerns, once, and nobody else.
  void require_delivery(std::size_t actor, outcome& seen) const {
    std::vector<std::size_t> due;
    for (std::size_t i = 0; i < clients_.size() && seen.request && !seen.refused; ++i) {
      if (!clients_[i].deaf && concerns(clients_[i], i == actor, seen)) due.push_back(i);
    }
    std::sort(seen.receivers.begin(), seen.receivers.end());
    require(seen.receivers == due, std::to_string(due.size()) + " who hear " + seen.line,
            std::to_string(seen.receivers.size()));
  }

  static bool concerns(const client& one, bool is_actor, const outcome& seen) {
    const auto type = jalon::read_head(*seen.request).type.value_or("");
    if (one.nick.empty()) return false;
    if (type == "msg") return chat::folded(one.nick) == chat::folded(text_of(*seen.request, "to"));
    return !is_actor && (type == "msgall" || (type == "say" && one.channel == seen.channel));
  }

  static std::string text_of(jalon::json_object object, const char* name) {
    const auto value = jalon::find_field(object, name);
    return value ? std::string(value->string().value_or("")) : "";
  }

  // Who answers an offer, or calls it off, is told ok, or nothing where no id was given.
  void forget_answered_offer(const outcome& seen) {
    if (!seen.request || seen.refused) return;
    const auto type = jalon::read_head(*seen.request).type.value_or("");
    if (type == "file_accept" || type == "file_reject" || type == "file_cancel")
      offers_.erase(text_of(*seen.request, "transfer"));
  }

  // An offer ends with either one, and the other is told.
  void require_no_orphans() {
    const auto has_gone = [this](const auto& who) { return who && !clients_[*who].present; };
    for (auto one = offers_.begin(); one != offers_.end();) {
      const auto here = one++;
      const bool sender_gone = has_gone(here->second.sender);
      const bool receiver_gone = has_gone(here->second.receiver);
      if (sender_gone && receiver_gone)
        offers_.erase(here);
      else
        require(!sender_gone && !receiver_gone, "file_cancel for " + here->first, "nothing");
    }
  }

  // What the chat says of itself is what its users were told.
  void audit() {
    std::map<std::string, std::string> nicks;
    std::map<std::string, std::map<std::string, std::string>> rooms;  // by channel, as created
    for (const client& one : clients_) {
      if (one.nick.empty()) continue;
      const bool unique = nicks.emplace(chat::folded(one.nick), one.nick).second;
      require(unique, "each nick once", one.nick);
      if (!one.channel.empty()) rooms[one.channel].emplace(chat::folded(one.nick), one.nick);
    }
    require_list(R"({"type":"who","id":1})", "users", values_of(nicks));
    std::map<std::string, json> sorted_rooms;
    for (const auto& [name, members] : rooms) {
      sorted_rooms[chat::folded(name)] = {{"channel", name}, {"users", members.size()}};
      require_list(R"({"type":"members","id":1,"channel":")" + name + "\"}", "users",
                   values_of(members));
    }
    require_list(R"({"type":"channels","id":1})", "channels", values_of(sorted_rooms));
  }

  template <class Map>
  static json values_of(const Map& map) {
    json all = json::array();
    for (const auto& one : map) all.push_back(one.second);
    return all;
  }

  void require_list(const std::string& request, const char* field, const json& due) {
    host_.send(clients_[0].id, request + '\n');
    const delivery came = host_.next(clients_[0].id);
    const json answer = json::parse(came.text, nullptr, false);
    require(answer.is_object() && answer.value(field, json()) == due, due.dump(), came.text);
  }

  jalon::json_reader requests_;
  chat_of chat_{"files"};
  memory_host host_{chat_.service()};
  std::vector<client> clients_;
  std::map<std::string, offer> offers_;  // that wait for an answer, by transfer
};

}  // namespace support
