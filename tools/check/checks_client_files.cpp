// Files from peer to peer: the checker is the server, and the peer too.
#include <filesystem>
#include <fstream>

#include "04-files/sha256.hpp"
#include "checks.hpp"

namespace check {

namespace {

constexpr char token[] = "0123456789abcdef0123456789abcdef";

std::string hash_of(const std::string& content) {
  example::sha256 hash;
  hash.update(content);
  return hash.finish();
}

// More than one read takes, and not all of it text.
std::string made_up_content(stage& s) {
  std::string content;
  while (content.size() < 200'000) content += s.word() + std::string("\0\n\xff", 3);
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

transfer is_offered(stage& s) {
  transfer one = sign_in(s);
  const auto path = std::filesystem::path(s.program().folder()) / one.file;
  std::ofstream(path, std::ios::binary) << one.content;
  s.server().answers("file_offer", "file_offered", {{"transfer", one.name}});
  s.terminal().asks("file_offer", {{"nick", "bob"}, {"path", path.string()}});
  s.server().is_asked("file_offer", {{"nick", "bob"},
                                     {"file", one.file},
                                     {"size", std::to_string(one.content.size())},
                                     {"sha256", hash_of(one.content)}});
  return one;
}

void offers(stage& s) { is_offered(s); }

void sees_refused(stage& s) {
  const auto one = is_offered(s);
  s.server().says("file_reject", {{"from", "bob"}, {"transfer", one.name}});
  s.terminal().sees(one.file);
}

// The file's first line says which it is; then it comes, whole and nothing else.
peer& takes_it(stage& s, const transfer& one) {
  const auto port = s.opens_line();
  s.server().says(
      "file_accept",
      {{"from", "bob"}, {"transfer", one.name}, {"port", std::to_string(port)}, {"token", token}});
  peer& bob = s.called("bob");
  bob.hears(token);
  bob.hears(one.content);
  return bob;
}

void sends_the_file(stage& s) {
  const auto one = is_offered(s);
  peer& bob = takes_it(s, one);
  bob.sends(
      s.server().bytes_of("file_ack", {{"transfer", one.name}, {"sha256", hash_of(one.content)}}),
      "file_ack");
  s.terminal().sees(one.file);
  bob.is_let_go();
}

void receiver_goes(stage& s) {
  const auto one = is_offered(s);
  takes_it(s, one).resets();
  s.terminal().sees(one.file);
  s.terminal().types(s.word());
}

// The offer of a friend, shown to who is to answer it.
transfer gets_offer(stage& s, transfer one) {
  s.server().says("file_offer", {{"from", "bob"},
                                 {"transfer", one.name},
                                 {"file", one.file},
                                 {"size", std::to_string(one.content.size())},
                                 {"sha256", hash_of(one.content)}});
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
               const std::string& secret, const std::string& content) {
  peer& bob = s.caller("bob", static_cast<std::uint16_t>(std::stoi(accepted.at("port"))));
  bob.sends(s.server().bytes_of("file_send", {{"transfer", one.name}, {"token", secret}}) + content,
            "file_send");
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
  peer& bob = sends_to(s, one, accepted, accepted.at("token"), one.content);
  bob.hears(hash_of(one.content));
  bob.closes();
  s.terminal().sees(one.file);
  s.expect([&] { return content_of(inbox(s, one)) == one.content; },
           {"due.in_inbox", {{"file", one.file}}}, {"came.not_in_inbox"});
}

void wrong_token(stage& s) {
  const auto one = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, one);
  sends_to(s, one, accepted, std::string(32, 'f'), one.content).is_let_go();
  peer& bob = sends_to(s, one, accepted, accepted.at("token"), one.content);
  bob.hears(hash_of(one.content));
}

// It has the right size, and another content than was offered.
void wrong_content(stage& s) {
  const auto one = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, one);
  std::string other = one.content;
  other.back() = static_cast<char>(other.back() + 1);
  peer& bob = sends_to(s, one, accepted, accepted.at("token"), other);
  bob.hears("error");
  bob.closes();
  s.terminal().sees(one.file);
  if (std::filesystem::exists(inbox(s, one)))
    throw failure{{"due.unchecked_nameless"}, {"came.in_inbox", {{"file", one.file}}}};
}

// A name that leads out of the inbox, from a server that does not look.
void path_in_name(stage& s) {
  transfer one = sign_in(s);
  one.file = "../" + one.file;
  s.server().says("file_offer", {{"from", "bob"},
                                 {"transfer", one.name},
                                 {"file", one.file},
                                 {"size", std::to_string(one.content.size())},
                                 {"sha256", hash_of(one.content)}});
  s.terminal().asks("file_accept");
  const auto word = s.word();
  s.terminal().types(word);
  s.server().hears(word);
  s.server().never_hears("file_accept");
}

}  // namespace

std::vector<check_case> client_file_checks() {
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

}  // namespace check
