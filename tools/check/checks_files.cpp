// Milestone 4 of a server: offers of files, and their answers.
#include <sstream>

#include "checks.hpp"

namespace check {

namespace {

// The id of the last transfer that @p receiver has received, in the field that the dialect names.
std::string transfer_of(stage& s, const user& receiver) {
  const std::string field = s.dialect().description().value("transfer", "");
  if (field.empty()) return {};
  std::string transfer;
  std::istringstream lines(receiver.received());
  for (std::string line; std::getline(lines, line);) {
    const auto message = nlohmann::json::parse(line, nullptr, false);
    if (message.is_object() && message.contains(field) && message[field].is_string())
      transfer = message[field];
  }
  return transfer;
}

// alice offers a file, and bob receives the offer. @return the server's id of the transfer
std::string offered(stage& s, user& alice, user& bob) {
  const auto file = s.word();
  alice.asks("file_offer", {{"nick", bob.nick()}, {"file", file}});
  bob.hears(file);
  return transfer_of(s, bob);
}

void offer_arrives(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto file = s.word();
  alice.asks("file_offer", {{"nick", bob.nick()}, {"file", file}});
  bob.hears_once(file);
  carol.never_hears(file);
}

void offer_to_nobody(stage& s) {
  user& alice = s.sign_in("alice");
  alice.asks("file_offer", {{"nick", s.word()}, {"file", s.word()}});
  alice.gets_answer("no_such_nick");
  s.others_are_served(alice);
}

tools::arguments answer_to(const user& alice, const std::string& transfer,
                           const std::string& word) {
  return {{"nick", alice.nick()}, {"transfer", transfer},   {"token", word},
          {"port", "49152"},      {"address", "127.0.0.1"}, {"text", word}};
}

void accepted(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto transfer = offered(s, alice, bob);
  alice.is_served();
  bob.asks("file_accept", answer_to(alice, transfer, s.word() + s.word()));
  alice.hears("49152");
  if (alice.heard().find("127.0.0.1") == std::string_view::npos) alice.hears("127.0.0.1");
}

void rejected(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto transfer = offered(s, alice, bob);
  alice.is_served();
  bob.asks("file_reject", answer_to(alice, transfer, s.word()));
  alice.hears(bob.nick());
}

void answered_by_another(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& mallory = s.sign_in("mallory");
  const auto transfer = offered(s, alice, bob);
  if (transfer.empty()) throw cannot_judge{{"why.not_promised", {{"property", "transfer"}}}};
  const auto word = s.word() + s.word();
  mallory.asks("file_accept", answer_to(alice, transfer, word));
  mallory.gets_answer("no_such_transfer");
  alice.never_hears(word);
}

void answered_twice(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto transfer = offered(s, alice, bob);
  if (transfer.empty()) throw cannot_judge{{"why.not_promised", {{"property", "transfer"}}}};
  bob.asks("file_reject", answer_to(alice, transfer, s.word()));
  alice.hears(bob.nick());
  bob.asks("file_reject", answer_to(alice, transfer, s.word()));
  bob.gets_answer("no_such_transfer");
}

void receiver_leaves(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto transfer = offered(s, alice, bob);
  if (transfer.empty()) throw cannot_judge{{"why.not_promised", {{"property", "transfer"}}}};
  bob.closes();
  alice.hears("file_cancel");
}

void sender_leaves(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  user& carol = s.sign_in("carol");
  const auto transfer = offered(s, alice, bob);
  const auto gone = answer_to(alice, transfer, s.word());
  s.send_signal(SIGSTOP);
  alice.resets();
  bob.asks("file_reject", gone);
  s.send_signal(SIGCONT);
  bob.is_served();
  s.others_are_served(carol);
}

void file_with_a_path(stage& s) {
  user& alice = s.sign_in("alice");
  user& bob = s.sign_in("bob");
  const auto word = s.word();
  alice.attacks("path_in_file", {{"nick", bob.nick()}, {"text", word}});
  alice.gets_answer("bad_transfer");
  bob.never_hears(word);
}

}  // namespace

std::vector<check_case> file_checks() {
  return {
      {"files.offer", 4, "5.1", offer_arrives, {"file_offer"}},
      {"files.offer_nobody", 4, "5.1", offer_to_nobody, {"file_offer"}},
      {"files.accept", 4, "5.3", accepted, {"file_offer", "file_accept"}},
      {"files.reject", 4, "5.4", rejected, {"file_offer", "file_reject"}},
      {"files.other_answers", 4, "5.2", answered_by_another, {"file_offer", "file_accept"}},
      {"files.answered_twice", 4, "5.2", answered_twice, {"file_offer", "file_reject"}},
      {"files.receiver_leaves", 4, "5.5", receiver_leaves, {"file_offer"}},
      {"files.sender_leaves", 4, "", sender_leaves, {"file_offer", "file_reject"}},
      {"files.path", 4, "", file_with_a_path, {"file_offer"}},
  };
}

}  // namespace check
