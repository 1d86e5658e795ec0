// Files from peer to peer: the checker is the server, and the peer too.
#include <filesystem>
#include <fstream>

#include "checks.hpp"
#include "program/sha256.hpp"

namespace check::client {

namespace {

constexpr char token[] = "0123456789abcdef0123456789abcdef";

std::string hash_of(const std::string& content) {
  program::sha256 hash;
  hash.update(content);
  return hash.finish();
}

// More than one read takes, no more than one message may have, and not all of it text.
std::string made_up_content(stage& s) {
  std::string content;
  while (content.size() < 60'000) content += s.word() + std::string("\0\n\xff", 3);
  return content;
}

// A file between the checked client and the checker, which is a friend's client too.
struct transfer {
  std::string nick;
  std::string file;
  std::string content;
  std::string name;  // the server's, of the transfer
};

transfer sign_in(stage& s) {
  s.server();
  const auto nick = "al" + s.word();
  s.terminal().asks("nick", {{"nick", nick}});
  s.server().is_asked("nick", {{"nick", nick}});
  return {nick, s.word() + ".txt", made_up_content(s), s.word()};
}

// All that a dialect may say of it.
tools::arguments values_of(const transfer& one) {
  return {{"from", "bob"},
          {"nick", one.nick},
          {"transfer", one.name},
          {"file", one.file},
          {"size", std::to_string(one.content.size())},
          {"sha256", hash_of(one.content)}};
}

tools::arguments with(tools::arguments values, const std::string& name, const std::string& value) {
  values[name] = value;
  return values;
}

bool has_tokens(stage& s) { return s.server().has_place("file_accept", "token"); }
bool has_hashes(stage& s) { return s.server().has_place("file_offer", "sha256"); }

// What the sender hears when it has all come: the file, as the dialect knows it.
std::string what_arrived(stage& s, const transfer& one) {
  return has_hashes(s) ? hash_of(one.content) : one.file;
}

transfer is_offered(stage& s) {
  transfer one = sign_in(s);
  const auto path = std::filesystem::path(s.program().folder()) / one.file;
  std::ofstream(path, std::ios::binary) << one.content;
  if (s.server().knows("file_offered"))
    s.server().answers("file_offer", "file_offered", {{"transfer", one.name}});
  s.terminal().asks("file_offer", {{"nick", "bob"}, {"path", path.string()}});
  auto due = with(values_of(one), "nick", "bob");
  for (const char* said_by_servers : {"from", "transfer"}) due.erase(said_by_servers);
  s.server().is_asked("file_offer", due);
  return one;
}

void offers(stage& s) { is_offered(s); }

// What the client has said by itself so far is shown: what is shown from here on is news.
void has_seen_all(stage& s) {
  const auto last = s.word();
  s.server().says("text", {{"text", last}});
  s.terminal().sees(last);
  s.terminal().attends();
}

void sees_refused(stage& s) {
  const auto one = is_offered(s);
  has_seen_all(s);
  s.server().says("file_reject", values_of(one));
  s.terminal().is_told();
}

// Its head says which file it is; then that comes, whole and nothing else.
peer& takes_it(stage& s, const transfer& one) {
  const auto port = std::to_string(s.opens_line());
  s.server().says("file_accept", with(with(values_of(one), "port", port), "token", token));
  peer& bob = s.called("bob");
  bob.hears(has_tokens(s) ? token : one.file);
  bob.hears(one.content);
  return bob;
}

void sends_the_file(stage& s) {
  const auto one = is_offered(s);
  peer& bob = takes_it(s, one);
  has_seen_all(s);
  bob.sends(s.server().bytes_of("file_ack", values_of(one)), "file_ack");
  s.terminal().is_told();
  bob.is_let_go();
}

void receiver_goes(stage& s) {
  const auto one = is_offered(s);
  peer& bob = takes_it(s, one);
  has_seen_all(s);
  bob.resets();
  s.terminal().is_told();
  s.terminal().types(s.word());
}

// The offer of a friend, shown to who is to answer it.
transfer gets_offer(stage& s, transfer one) {
  s.server().says("file_offer", values_of(one));
  s.terminal().sees(one.file);
  return one;
}

void rejects(stage& s) {
  const auto one = gets_offer(s, sign_in(s));
  s.terminal().asks("file_reject");
  s.server().is_asked("file_reject", {{"transfer", one.name}});
}

tools::arguments accepts(stage& s, const transfer& one) {
  s.terminal().asks("file_accept");
  return s.server().is_asked("file_accept", {{"transfer", one.name}});
}

peer& sends_to(stage& s, const transfer& one, const tools::arguments& accepted,
               const std::string& content) {
  const auto told = accepted.find("port");
  const auto port = jalon::parse_number<std::uint16_t>(told == accepted.end() ? "" : told->second);
  peer& bob = s.caller("bob", port.value_or(0));
  auto values = with(values_of(one), "content", content);
  if (has_tokens(s)) values["token"] = accepted.at("token");
  std::string bytes = s.server().bytes_of("file_send", values);
  // Where the message has no place for the content, that follows.
  if (bytes.find(content) == bytes.npos) bytes += content;
  bob.sends(bytes, "file_send");
  return bob;
}

std::filesystem::path inbox(stage& s, const transfer& one) {
  return std::filesystem::path(s.program().folder()) / "inbox" / one.file;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void receives_the_file(stage& s) {
  const auto one = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, one);
  has_seen_all(s);
  peer& bob = sends_to(s, one, accepted, one.content);
  bob.hears(what_arrived(s, one));
  bob.closes();
  s.terminal().is_told();
  s.expect([&] { return content_of(inbox(s, one)) == one.content; },
           {"due.in_inbox", {{"file", one.file}}}, {"came.not_in_inbox"});
}

void wrong_token(stage& s) {
  s.server();
  if (!has_tokens(s)) throw cannot_judge{{"why.no_place", {{"value", "token"}}}};
  const auto one = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, one);
  sends_to(s, one, with(accepted, "token", std::string(32, 'f')), one.content).is_let_go();
  peer& bob = sends_to(s, one, accepted, one.content);
  bob.hears(what_arrived(s, one));
}

// It has the right size, and another content than was offered.
void wrong_content(stage& s) {
  s.server();
  if (!has_hashes(s)) throw cannot_judge{{"why.no_place", {{"value", "sha256"}}}};
  const auto one = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, one);
  std::string other = one.content;
  other.back() = static_cast<char>(other.back() + 1);
  has_seen_all(s);
  peer& bob = sends_to(s, one, accepted, other);
  bob.hears("error");
  bob.closes();
  s.terminal().is_told();
  if (std::filesystem::exists(inbox(s, one)))
    throw failure{{"due.unchecked_nameless"}, {"came.in_inbox", {{"file", one.file}}}};
}

// A name that leads out of the inbox, from a server that does not look. Who accepts it may still
// store it under another name.
void path_in_name(stage& s) {
  transfer one = sign_in(s);
  const auto outside = std::filesystem::path(s.program().folder()) / one.file;
  one.file = "../" + one.file;
  s.server().says("file_offer", values_of(one));
  s.terminal().asks("file_accept");
  const auto accepted = s.server().may_be_asked("file_accept");
  if (!accepted) return;
  const peer& bob = sends_to(s, one, *accepted, one.content);
  const auto is_outside = [&] { return std::filesystem::exists(outside); };
  s.until([&] { return bob.is_gone() || !bob.heard().empty() || is_outside(); });
  if (is_outside())
    throw failure{{"due.stays_inside"}, {"came.in_inbox", {{"file", outside.filename().string()}}}};
}

}  // namespace

std::vector<check_case> file_checks() {
  return {
      {"client_files.offer", 4, "5.1", offers, {"file_offer"}},
      {"client_files.send", 4, "5.3", sends_the_file, {"file_offer"}},
      {"client_files.refused", 4, "5.4", sees_refused, {"file_offer"}},
      {"client_files.receiver_goes", 4, "5.5", receiver_goes, {"file_offer"}},
      {"client_files.reject", 4, "5.2", rejects, {"file_offer"}},
      {"client_files.receive", 4, "5.5", receives_the_file, {"file_offer"}},
      {"client_files.wrong_token", 4, "", wrong_token, {"file_offer"}},
      {"client_files.wrong_content", 4, "5.5", wrong_content, {"file_offer"}},
      {"client_files.path", 4, "", path_in_name, {"file_offer"}},
  };
}

}  // namespace check::client
