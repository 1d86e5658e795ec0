// Milestones 2 and 3 of a client: commands become requests, and messages are shown.
#include "checks.hpp"

namespace check::client {

namespace {

std::string signs_in(stage& s) {
  auto nick = "al" + s.word();
  s.terminal().asks("nick", {{"nick", nick}});
  s.server().is_asked("nick", {{"nick", nick}});
  return nick;
}

// Types the command for a request; the request arrives with these values.
void asks(stage& s, const std::string& request, const tools::arguments& values) {
  s.terminal().asks(request, values);
  s.server().is_asked(request, values);
}

// The server refuses the request, and the user sees the reason.
void is_refused(stage& s, const std::string& request, const tools::arguments& values,
                const std::string& code) {
  const auto reason = s.word();
  s.server().answers(request, "error", {{"code", code}, {"text", reason}});
  asks(s, request, values);
  s.terminal().sees(reason);
}

void takes_nick(stage& s) {
  s.server();
  s.terminal().sees(signs_in(s));
}

void nick_is_refused(stage& s) {
  s.server();
  is_refused(s, "nick", {{"nick", s.word()}}, "nick_taken");
}

void changes_nick(stage& s) {
  s.server();
  signs_in(s);
  s.terminal().sees(signs_in(s));
}

void sees_renamed(stage& s) {
  s.server();
  signs_in(s);
  const auto now = s.word();
  s.server().says("renamed", {{"old", s.word()}, {"nick", now}});
  s.terminal().sees(now);
}

void expect_list(stage& s, const std::string& request, const std::string& answer) {
  s.server();
  signs_in(s);
  const auto first = s.word();
  const auto second = s.word();
  s.server().answers(request, answer, {{"first", first}, {"second", second}});
  asks(s, request, {});
  s.terminal().sees(first);
  s.terminal().sees(second);
}

void who(stage& s) { expect_list(s, "who", "users"); }
void channel_list(stage& s) { expect_list(s, "channels", "channels"); }

void whois(stage& s) {
  s.server();
  signs_in(s);
  const auto nick = s.word();
  asks(s, "whois", {{"nick", nick}});
  s.terminal().sees("192.0.2.77");
  s.terminal().sees("52322");
}

void sends_message(stage& s) {
  s.server();
  signs_in(s);
  asks(s, "msg", {{"nick", s.word()}, {"text", s.word() + " " + s.word()}});
}

void sends_message_to_all(stage& s) {
  s.server();
  signs_in(s);
  asks(s, "msgall", {{"text", s.word() + " " + s.word()}});
}

void is_shown(stage& s, const std::string& what, const tools::arguments& around) {
  tools::arguments values = around;
  values["from"] = s.word();
  values["text"] = s.word();
  s.server().says(what, values);
  s.terminal().sees(values["text"]);
  s.terminal().sees(values["from"]);
}

void message_is_shown(stage& s) {
  s.server();
  is_shown(s, "msg", {{"nick", signs_in(s)}});
}

void message_to_all_is_shown(stage& s) {
  s.server();
  signs_in(s);
  is_shown(s, "msgall", {});
}

void unknown_nick(stage& s) {
  s.server();
  signs_in(s);
  is_refused(s, "msg", {{"nick", s.word()}, {"text", s.word()}}, "no_such_nick");
}

void plain_line(stage& s) {
  s.server();
  signs_in(s);
  const auto typed = s.word();
  const auto answer = s.word();
  s.server().answers("echo", "echo", {{"text", answer}});
  asks(s, "echo", {{"text", typed}});
  s.terminal().sees(answer);
}

void requires_contract(stage& s) {
  if (!s.dialect().has_flag("contract"))
    throw cannot_judge{{"why.not_promised", {{"property", "contract"}}}};
}

void blanks_are_kept(stage& s) {
  requires_contract(s);
  s.server();
  signs_in(s);
  asks(s, "msg", {{"nick", s.word()}, {"text", "  " + s.word() + "   " + s.word()}});
}

// The client itself refuses the line: the user sees a message, and nothing is sent.
void is_not_sent(stage& s, const std::string& line, const std::string& word) {
  requires_contract(s);
  s.server();
  signs_in(s);
  s.terminal().types(line);
  s.terminal().sees_something();
  s.server().never_hears(word);
}

void unknown_command(stage& s) {
  const auto word = s.word();
  is_not_sent(s, "/dance " + word, word);
}

void words_missing(stage& s) {
  const auto word = s.word();
  is_not_sent(s, "/msg " + word, word);
}

std::string expect_channel_joined(stage& s, const std::string& request) {
  s.server();
  signs_in(s);
  auto channel = "ro" + s.word();
  asks(s, request, {{"channel", channel}});
  s.terminal().sees(channel);
  return channel;
}

void creates(stage& s) { expect_channel_joined(s, "create"); }
void joins(stage& s) { expect_channel_joined(s, "join"); }

void channel_exists(stage& s) {
  s.server();
  signs_in(s);
  is_refused(s, "create", {{"channel", s.word()}}, "channel_exists");
}

void says_in_channel(stage& s) {
  const auto channel = expect_channel_joined(s, "join");
  asks(s, "say", {{"channel", channel}, {"text", s.word()}});
}

void said_in_channel_is_shown(stage& s) {
  is_shown(s, "say", {{"channel", expect_channel_joined(s, "join")}});
}

void leaves(stage& s) {
  const auto channel = expect_channel_joined(s, "create");
  asks(s, "leave", {{"channel", channel}});
  asks(s, "echo", {{"text", s.word()}});
}

void joins_and_leaves_are_shown(stage& s) {
  const auto channel = expect_channel_joined(s, "create");
  const auto nick = s.word();
  s.server().says("joined", {{"channel", channel}, {"nick", nick}});
  s.terminal().sees(nick);
  s.server().says("left", {{"channel", channel}, {"nick", nick}});
  s.terminal().sees(nick);
}

}  // namespace

std::vector<check_case> chat_checks() {
  return {
      {"client_users.nick", 2, "2.1", takes_nick, {"nick"}},
      {"client_users.nick_refused", 2, "2.2", nick_is_refused, {"nick"}},
      {"client_users.nick_change", 2, "2.4", changes_nick, {"nick"}},
      {"client_users.renamed", 2, "2.4", sees_renamed, {"nick"}},
      {"client_users.who", 2, "2.5", who, {"nick", "who"}},
      {"client_users.whois", 2, "2.6", whois, {"nick", "whois"}},
      {"client_users.msgall", 2, "2.7", sends_message_to_all, {"nick", "msgall"}},
      {"client_users.msgall_shown", 2, "2.7", message_to_all_is_shown, {"nick", "msgall"}},
      {"client_users.msg", 2, "2.9", sends_message, {"nick", "msg"}},
      {"client_users.msg_shown", 2, "2.9", message_is_shown, {"nick", "msg"}},
      {"client_users.msg_nobody", 2, "2.9", unknown_nick, {"nick", "msg"}},
      {"client_users.msg_blanks", 2, "2.9", blanks_are_kept, {"nick", "msg"}},
      {"client_users.echo", 2, "2.10", plain_line, {"nick", "echo"}},
      {"client_users.unknown_command", 2, "", unknown_command, {"nick", "echo"}},
      {"client_users.words_missing", 2, "", words_missing, {"nick", "echo"}},
      {"client_channels.create", 3, "3.2", creates, {"create"}},
      {"client_channels.exists", 3, "3.4", channel_exists, {"create"}},
      {"client_channels.list", 3, "3.3", channel_list, {"channels"}},
      {"client_channels.join", 3, "3.5", joins, {"join"}},
      {"client_channels.leave", 3, "3.5", leaves, {"leave", "echo"}},
      {"client_channels.say", 3, "3.8", says_in_channel, {"join", "say"}},
      {"client_channels.say_shown", 3, "3.8", said_in_channel_is_shown, {"join", "say"}},
      {"client_channels.comers", 3, "", joins_and_leaves_are_shown, {"create"}},
  };
}

}  // namespace check::client
