// Milestone 4 of a client: files from peer to peer. The checker plays the server and the other
// peer.
#include <filesystem>
#include <fstream>

#include "checks.hpp"
#include "common/resources.hpp"
#include "program/sha256.hpp"

namespace check::client {

namespace {

constexpr char token[] = "0123456789abcdef0123456789abcdef";

std::string hash_of(const std::string& content) {
  program::sha256 hash;
  hash.update(content);
  return hash.finish();
}

// Longer than one read, shorter than the longest message, and with bytes that are not text.
std::string random_content(stage& s) {
  std::string content;
  while (content.size() < 60'000) content += s.word() + std::string("\0\n\xff", 3);
  return content;
}

// A file between the graded client and bob, whom the checker plays.
struct transfer {
  std::string nick;
  std::string file;
  std::string content;
  std::string name;  // the server's id of the transfer
};

transfer sign_in(stage& s) {
  s.server();
  const auto nick = "al" + s.word();
  s.terminal().asks("nick", {{"nick", nick}});
  s.server().is_asked("nick", {{"nick", nick}});
  return {nick, s.word() + ".txt", random_content(s), s.word()};
}

// All values that a dialect may have fields for.
tools::arguments values_of(const transfer& offer) {
  return {{"from", "bob"},
          {"nick", offer.nick},
          {"transfer", offer.name},
          {"file", offer.file},
          {"size", std::to_string(offer.content.size())},
          {"sha256", hash_of(offer.content)}};
}

tools::arguments with_value(tools::arguments values, const std::string& name,
                            const std::string& value) {
  values[name] = value;
  return values;
}

bool has_tokens(stage& s) { return s.server().has_field("file_accept", "token"); }
bool has_hashes(stage& s) { return s.server().has_field("file_offer", "sha256"); }

// What the acknowledgement contains: the hash, or the file's name if the dialect has no hashes.
std::string acknowledgement(stage& s, const transfer& offer) {
  return has_hashes(s) ? hash_of(offer.content) : offer.file;
}

transfer offer_a_file(stage& s) {
  transfer offer = sign_in(s);
  const auto path = std::filesystem::path(s.program().folder()) / offer.file;
  tools::write_file(path.string(), offer.content);
  if (s.server().knows("file_offered"))
    s.server().answers("file_offer", "file_offered", {{"transfer", offer.name}});
  s.terminal().asks("file_offer", {{"nick", "bob"}, {"path", path.string()}});
  auto expected = with_value(values_of(offer), "nick", "bob");
  for (const char* server_field : {"from", "transfer"}) expected.erase(server_field);
  s.server().is_asked("file_offer", expected);
  return offer;
}

void offers(stage& s) { offer_a_file(s); }

// Waits until the client has shown everything so far, and sets the mark.
void wait_until_all_shown(stage& s) {
  const auto last = s.word();
  s.server().says("text", {{"text", last}});
  s.terminal().sees(last);
  s.terminal().mark();
}

void sees_refused(stage& s) {
  const auto offer = offer_a_file(s);
  wait_until_all_shown(s);
  s.server().says("file_reject", values_of(offer));
  s.terminal().sees_something();
}

// bob accepts the offer and receives the header, which identifies the file, and the content.
peer& accept_and_receive(stage& s, const transfer& offer) {
  const auto port = std::to_string(s.listen());
  s.server().says("file_accept",
                  with_value(with_value(values_of(offer), "port", port), "token", token));
  peer& bob = s.accept("bob");
  bob.hears(has_tokens(s) ? token : offer.file);
  bob.hears(offer.content);
  return bob;
}

void sends_the_file(stage& s) {
  const auto offer = offer_a_file(s);
  peer& bob = accept_and_receive(s, offer);
  wait_until_all_shown(s);
  bob.sends(s.server().bytes_of("file_ack", values_of(offer)), "file_ack");
  s.terminal().sees_something();
  bob.is_disconnected();
}

void receiver_goes(stage& s) {
  const auto offer = offer_a_file(s);
  peer& bob = accept_and_receive(s, offer);
  wait_until_all_shown(s);
  bob.resets();
  s.terminal().sees_something();
  s.terminal().types(s.word());
}

// bob offers a file, and the client shows the offer.
transfer gets_offer(stage& s, transfer offer) {
  s.server().says("file_offer", values_of(offer));
  s.terminal().sees(offer.file);
  return offer;
}

void rejects(stage& s) {
  const auto offer = gets_offer(s, sign_in(s));
  s.terminal().asks("file_reject");
  s.server().is_asked("file_reject", {{"transfer", offer.name}});
}

tools::arguments accepts(stage& s, const transfer& offer) {
  s.terminal().asks("file_accept");
  return s.server().is_asked("file_accept", {{"transfer", offer.name}});
}

peer& sends_to(stage& s, const transfer& offer, const tools::arguments& accepted,
               const std::string& content) {
  const auto port_text = accepted.find("port");
  const auto port =
      jalon::parse_number<std::uint16_t>(port_text == accepted.end() ? "" : port_text->second);
  peer& bob = s.connect_to("bob", port.value_or(0));
  auto values = with_value(values_of(offer), "content", content);
  if (has_tokens(s)) values["token"] = accepted.at("token");
  std::string bytes = s.server().bytes_of("file_send", values);
  // If the message has no field for the content, the content follows it.
  if (bytes.find(content) == bytes.npos) bytes += content;
  bob.sends(bytes, "file_send");
  return bob;
}

std::filesystem::path inbox(stage& s, const transfer& offer) {
  return std::filesystem::path(s.program().folder()) / "inbox" / offer.file;
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void receives_the_file(stage& s) {
  const auto offer = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, offer);
  wait_until_all_shown(s);
  peer& bob = sends_to(s, offer, accepted, offer.content);
  bob.hears(acknowledgement(s, offer));
  bob.closes();
  s.terminal().sees_something();
  s.expect([&] { return content_of(inbox(s, offer)) == offer.content; },
           {"due.in_inbox", {{"file", offer.file}}}, {"came.not_in_inbox"});
}

void wrong_token(stage& s) {
  s.server();
  if (!has_tokens(s)) throw cannot_judge{{"why.no_place", {{"value", "token"}}}};
  const auto offer = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, offer);
  sends_to(s, offer, with_value(accepted, "token", std::string(32, 'f')), offer.content)
      .is_disconnected();
  peer& bob = sends_to(s, offer, accepted, offer.content);
  bob.hears(acknowledgement(s, offer));
}

// The content has the offered size but not the offered hash.
void wrong_content(stage& s) {
  s.server();
  if (!has_hashes(s)) throw cannot_judge{{"why.no_place", {{"value", "sha256"}}}};
  const auto offer = gets_offer(s, sign_in(s));
  const auto accepted = accepts(s, offer);
  std::string other = offer.content;
  other.back() = static_cast<char>(other.back() + 1);
  wait_until_all_shown(s);
  peer& bob = sends_to(s, offer, accepted, other);
  bob.hears("error");
  bob.closes();
  s.terminal().sees_something();
  if (std::filesystem::exists(inbox(s, offer)))
    throw failure{{"due.unchecked_nameless"}, {"came.in_inbox", {{"file", offer.file}}}};
}

// The offered name leads out of the inbox, and the server has not checked it. The client may refuse
// the offer, or store the file under another name.
void path_in_name(stage& s) {
  transfer offer = sign_in(s);
  const auto outside = std::filesystem::path(s.program().folder()) / offer.file;
  offer.file = "../" + offer.file;
  s.server().says("file_offer", values_of(offer));
  s.terminal().asks("file_accept");
  const auto accepted = s.server().may_be_asked("file_accept");
  if (!accepted) return;
  const peer& bob = sends_to(s, offer, *accepted, offer.content);
  const auto is_outside = [&] { return std::filesystem::exists(outside); };
  s.run_until([&] { return bob.is_gone() || !bob.heard().empty() || is_outside(); });
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
