// Finds how a program with a binary header is spoken to.
#include "explorer.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "layouts.hpp"

namespace check {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr milliseconds first_patience{800};  // before it is known how fast the program answers
constexpr milliseconds quick_patience{250};
constexpr milliseconds least_patience{120};
constexpr milliseconds settling{15};  // in which the rest of an answer arrives
constexpr milliseconds between_pieces{12};
constexpr milliseconds quick_settling{3};  // where a part of it is enough
constexpr std::size_t most_unseen = 24;    // layouts that are tried though no answer shows them
constexpr std::size_t best_fits = 10;
constexpr std::size_t number_of_people = 3;   // who speaks, who may hear it, who may not
constexpr std::int64_t type_of_nothing = 99;  // no program was seen to have it
const std::string forbidden_nick = "? !";

}  // namespace

explorer::explorer(stage_options options, nlohmann::json known, std::chrono::seconds limit)
    : options_(std::move(options)),
      known_(std::move(known)),
      base_(options_.dialect.description()),
      end_(steady_clock::now() + limit) {}

// A layout may be wrong in a place that is used rarely. So all candidates are tried quickly, and
// the one in which most requests have an effect is searched thoroughly.
exploration explorer::explore() {
  start_program();
  json best_framing;
  std::map<std::string, way> best;
  for (const auto& framing : candidates()) {
    if (is_out_of_time() || best.size() == known_.at("forms").size()) break;
    ++report_.layouts_tried;
    use(framing);
    if (!answers() || !find_nick()) continue;
    find_rest(nearby);
    if (found_.size() <= best.size()) continue;
    best = found_;
    best_framing = framing;
  }
  if (!best.empty()) {
    use(best_framing);
    found_ = best;
    find_rest(everywhere);
    report_.patch = result();
  }
  for (const auto& [request, forms] : known_.at("forms").items())
    (found_.contains(request) ? report_.found : report_.unknown).push_back(request);
  return std::move(report_);
}

bool explorer::is_out_of_time() const { return steady_clock::now() >= end_; }

void explorer::start_program() {
  stage_.reset();
  people_.clear();
  stage_ = std::make_unique<stage>(options_, options_.seed);
  stage_->open();
}

user& explorer::connect() {
  if (stage_->starts_programs() && stage_->program_has_ended()) start_program();
  try {
    return stage_->connect("probe");
  } catch (const failure&) {  // it does not accept any more
    if (!stage_->starts_programs()) throw;
    start_program();
    return stage_->connect("probe");
  }
}

// ---- the layout ----

// What a stranger gets who sends this, in pieces.
program_reply explorer::reply_to(const std::string& text, std::size_t piece) {
  user& stranger = connect();
  const auto has_answer = [&] { return stranger.is_gone() || !stranger.heard().empty(); };
  std::size_t sent = 0;
  for (; sent + piece < text.size() && !has_answer(); sent += piece) {
    stranger.sends(text.substr(sent, piece));
    stage_->run_until(has_answer, between_pieces);
  }
  const auto began = steady_clock::now();
  if (!has_answer()) {
    stranger.sends(text.substr(sent));
    sent = text.size();
    if (stage_->run_until(has_answer, patience())) note_time_since(began);
  }
  if (!stranger.heard().empty()) stage_->run_for(quick_settling);
  if (!stranger.is_gone()) stranger.closes();
  return {stranger.received(), sent};
}

std::vector<nlohmann::json> explorer::candidates() {
  const header_facts facts = find_header([this](const std::string& text, std::size_t piece) {
    return is_out_of_time() ? program_reply() : reply_to(text, piece);
  });
  const auto all = layouts_with(facts, known_.at("layouts"), base_.at("framing"));
  auto best = fitting(all, facts);
  const bool is_known = !best.empty();
  if (!is_known) best = all;
  best.resize(std::min(best.size(), is_known ? best_fits : most_unseen));
  auto leasts = known_.at("layouts").at("least_payloads").get<std::vector<std::size_t>>();
  if (facts.least_payload > 0) std::reverse(leasts.begin(), leasts.end());
  if (facts.bytes > 0) leasts.resize(1);
  std::vector<json> framings;
  for (const auto least : leasts) {
    for (const auto& one : best) {
      framings.push_back(one.framing);
      if (least > 0) framings.back()["least_payload"] = least;
    }
  }
  return framings;
}

void explorer::use(json framing) {
  framing_ = std::move(framing);
  dialect_ = tools::dialect::from({{"framing", framing_},
                                   {"requests", json::object()},
                                   {"types", json::object()},
                                   {"defaults", base_.value("defaults", json::object())}});
  found_.clear();
  people_.clear();
}

// Whether the program answers different types differently in this layout. In a wrong one it waits
// for more, or finds the same where the type should be. Most are wrong, so this is quick.
bool explorer::answers() {
  const std::string word = stage_->word();
  std::set<std::string> answers;
  for (std::int64_t type = 0; type < known_.at("nick_types"); ++type) {
    user& stranger = connect();
    stranger.sends(bytes_of({type, {{"infos", word}, {"payload", word}}, {}}, {{"me", word}}));
    stage_->run_until([&] { return stranger.is_gone() || !stranger.heard().empty(); },
                      answers.empty() ? quick_patience : first_patience);
    stage_->run_for(settling);
    answers.emplace(stranger.heard());
    if (!stranger.is_gone()) stranger.closes();
    if (type == 2 && answers.size() == 1 && answers.begin()->empty()) break;
  }
  return answers.size() > 1;
}

// ---- asking ----

std::string explorer::bytes_of(const way& said, const tools::arguments& values) const {
  json form = said.form;
  form["type"] = said.type;
  return dialect_.encode_form(form, values);
}

// Sends a request, and waits for what it leads to. @return what came for the one who asked
std::string explorer::ask(user& who, const way& said, const tools::arguments& values) {
  if (who.is_gone()) return {};
  for (user* const other : people_) other->mark();
  who.sends(bytes_of(said, values));
  const auto began = steady_clock::now();
  const auto has_effect = [&] {
    return who.is_gone() || !who.heard().empty() ||
           std::any_of(people_.begin(), people_.end(),
                       [](const user* other) { return !other->heard().empty(); });
  };
  if (stage_->run_until(has_effect, patience())) {
    note_time_since(began);
    stage_->run_for(settling);
  }
  return std::string(who.heard());
}

// How long an answer may take, as far as it is known how fast the program answers.
milliseconds explorer::patience() const {
  if (usual_wait_.count() == 0) return first_patience;
  return std::clamp(milliseconds(4 * usual_wait_), least_patience, first_patience);
}

void explorer::note_time_since(steady_clock::time_point began) {
  const auto took = std::chrono::ceil<milliseconds>(steady_clock::now() - began);
  report_.slowest = std::max(report_.slowest, took);
  // A moving average: one answer that a busy machine delayed does not make all waits longer.
  usual_wait_ = usual_wait_.count() == 0 ? took : (7 * usual_wait_ + took + milliseconds(7)) / 8;
}

std::string explorer::ask(std::size_t who, const way& said, const tools::arguments& values) {
  if (!bring_back()) return {};
  tools::arguments all = values;
  all.try_emplace("me", people_[who]->nick());
  return ask(*people_[who], said, all);
}

bool explorer::hears(std::size_t who, const std::string& word) const {
  return who < people_.size() && people_[who]->heard().find(word) != std::string_view::npos;
}

// A new user takes a nick and the place of @p who.
void explorer::enter(std::size_t who) {
  user& newcomer = connect();
  ask(newcomer, found_.at("nick"), {{"nick", newcomer.nick()}, {"me", newcomer.nick()}});
  if (who < people_.size())
    people_[who] = &newcomer;
  else
    people_.push_back(&newcomer);
}

// Those whom the program has disconnected, or who were there before it ended, come again.
// @return whether all are there: it may end each time that somebody comes
bool explorer::bring_back() {
  if (stage_->starts_programs() && stage_->program_has_ended()) start_program();
  for (std::size_t n = 0; n < number_of_people; ++n) {
    if (n < people_.size() && !people_[n]->is_gone()) continue;
    enter(n);
    channel_.clear();
  }
  return people_.size() == number_of_people;
}

// ---- the nick, and the list by which it is seen ----

bool explorer::find_nick() {
  const auto last = known_.at("nick_types").get<std::int64_t>();
  std::vector<way> usual;
  for (const auto& one : known_.at("forms").at("nick")) {
    for (std::int64_t type = 0; type < last && !is_out_of_time(); ++type) {
      const way said{type, one.at("form"), one.at("style")};
      const std::string welcome = welcome_of(said);
      if (welcome.empty()) continue;
      if (type == usual_type("nick")) usual.push_back(said);
      if (welcome != answer_to_nick(said, forbidden_nick) && is_nick(said)) return true;
    }
  }
  // Some servers refuse no nick, because their own client does.
  return std::any_of(usual.begin(), usual.end(),
                     [this](const way& said) { return !is_out_of_time() && is_nick(said); });
}

// What a newcomer gets for this nick.
std::string explorer::answer_to_nick(const way& said, const std::string& nick) {
  user& newcomer = connect();
  std::string answer = ask(newcomer, said, {{"nick", nick}, {"me", newcomer.nick()}});
  if (!newcomer.is_gone()) newcomer.closes();
  return answer;
}

// What a newcomer gets for a right nick; nothing if that is what they get for an unknown type.
std::string explorer::welcome_of(const way& said) {
  const std::string nick = stage_->word();
  std::string welcome = answer_to_nick(said, nick);
  way unknown = said;
  unknown.type = type_of_nothing;
  if (!welcome.empty() && welcome == answer_to_nick(unknown, nick)) welcome.clear();
  return welcome;
}

// It was taken if a list then has the nicks of others, or a message reaches one of them by it.
bool explorer::is_nick(const way& said) {
  found_.clear();
  people_.clear();
  found_["nick"] = said;
  if (!bring_back()) return false;
  find(
      "who",
      [this](const way& asked) {
        if (!bring_back()) return false;
        const std::string second = people_[1]->nick(), third = people_[2]->nick();
        const std::string list = ask(0, asked, {});
        return list.find(second) != list.npos && list.find(third) != list.npos;
      },
      4);
  if (!found_.contains("who")) find_msg(nearby);
  return found_.contains("who") || found_.contains("msg");
}

// ---- the other requests ----

std::int64_t explorer::usual_type(const std::string& request) const {
  const auto& name = base_.at("requests").at(request).at("type").get_ref<const std::string&>();
  return base_.at("types").at(name).get<std::int64_t>();
}

// By how much the numbers of the types found last differ from the usual ones.
std::int64_t explorer::shift() const {
  std::int64_t greatest = -1;
  std::int64_t by = 0;
  for (const auto& [request, said] : found_) {
    if (usual_type(request) <= greatest) continue;
    greatest = usual_type(request);
    by = said.type - greatest;
  }
  return by;
}

// The numbers that no other request has, the most likely first.
std::vector<std::int64_t> explorer::types_for(const std::string& request) const {
  const std::int64_t guess = usual_type(request) + shift();
  std::vector<std::int64_t> all;
  const auto is_free = [&](std::int64_t type) {
    return std::none_of(found_.begin(), found_.end(),
                        [&](const auto& known) { return known.second.type == type; });
  };
  for (std::int64_t type = 0; type < known_.at("types").get<std::int64_t>(); ++type) {
    if (is_free(type)) all.push_back(type);
  }
  std::stable_sort(all.begin(), all.end(), [&](std::int64_t a, std::int64_t b) {
    return std::abs(a - guess) < std::abs(b - guess);
  });
  return all;
}

// The ways to say @p request: in the style of the nick first.
std::vector<explorer::way> explorer::ways_for(const std::string& request) const {
  std::vector<way> ways;
  const auto types = types_for(request);
  auto forms = known_.at("forms").at(request).get<std::vector<json>>();
  const std::string& style = found_.at("nick").style;
  std::stable_partition(forms.begin(), forms.end(),
                        [&](const json& one) { return one.at("style") == style; });
  for (const auto type : types) {
    for (const auto& one : forms) ways.push_back({type, one.at("form"), one.at("style")});
  }
  return ways;
}

// Keeps the first way that works.
void explorer::find(const std::string& request, const effect& works, std::int64_t spread) {
  if (found_.contains(request)) return;
  const std::int64_t guess = usual_type(request) + shift();
  for (const auto& said : ways_for(request)) {
    if (is_out_of_time() || std::abs(said.type - guess) > spread) break;
    if (!works(said)) continue;
    found_[request] = said;
    return;
  }
}

void explorer::find_rest(std::int64_t spread) {
  find(
      "whois",
      [this](const way& said) {
        if (!bring_back()) return false;
        const std::string port = std::to_string(people_[1]->port());
        return ask(0, said, {{"nick", people_[1]->nick()}}).find(port) != std::string::npos;
      },
      spread);
  find(
      "echo",
      [this](const way& said) {
        const std::string text = stage_->word();
        return ask(0, said, {{"text", text}}).find(text) != std::string::npos && !hears(1, text);
      },
      spread);
  find_msg(spread);
  find(
      "msgall",
      [this](const way& said) {
        const std::string text = stage_->word();
        ask(0, said, {{"text", text}});
        return hears(1, text) && hears(2, text);
      },
      spread);
  find_channel(spread);
  find(
      "file_offer", [this](const way& said) { return reaches_one(said, "file"); }, spread);
}

void explorer::find_msg(std::int64_t spread) {
  find(
      "msg", [this](const way& said) { return reaches_one(said, "text"); }, spread);
}

// Whether the second user hears a word that the first sends them in this field, and the third not.
bool explorer::reaches_one(const way& said, const std::string& field) {
  if (!bring_back()) return false;
  const std::string word = stage_->word();
  ask(0, said, {{"nick", people_[1]->nick()}, {field, word}});
  return hears(1, word) && !hears(2, word);
}

// Two requests that are seen only together: near the usual types first, then further away.
void explorer::find_pair(const std::string& first, const std::string& second, const effect& asks,
                         const effect& shows, std::int64_t most) {
  for (const std::int64_t spread : {0, 1, 3, 6}) {
    if (spread > most) return;
    find(
        first,
        [&](const way& tried) {
          if (!asks(tried)) return false;
          found_[first] = tried;
          find(second, shows, spread + 1);
          if (!found_.contains(second)) found_.erase(first);
          return found_.contains(second);
        },
        spread);
    if (found_.contains(second)) return;
  }
}

// A channel was created if a list that is asked for then has its name. It was joined if what is
// said there is heard, and left if that is not heard any more.
void explorer::find_channel(std::int64_t spread) {
  find_pair(
      "create", "channels", [this](const way& created) { return creates(created); },
      [this](const way& asked) { return ask(0, asked, {}).find(channel_) != std::string::npos; },
      spread);
  if (!found_.contains("create")) return;
  find_pair(
      "join", "say",
      [this](const way& joined) {
        creates(found_.at("create"));  // what was tried before may have left it
        return !ask(1, joined, {{"channel", channel_}}).empty();
      },
      [this](const way& said) { return speaks(said); }, spread);
  if (!found_.contains("say")) return;
  find(
      "leave", [this](const way& left) { return leaves(left); }, spread);
}

bool explorer::leaves(const way& left) {
  ask(1, left, {{"channel", channel_}});
  return !channel_.empty() && !speaks(found_.at("say"));
}

bool explorer::creates(const way& created) {
  const std::string name = stage_->word();
  const bool is_answered = !ask(0, created, {{"channel", name}}).empty();
  channel_ = name;
  return is_answered;
}

// Whether the second user hears what the first says in the channel, and the third does not.
bool explorer::speaks(const way& said) {
  const std::string text = stage_->word();
  ask(0, said, {{"channel", channel_}, {"text", text}});
  return hears(1, text) && !hears(2, text);
}

// ---- the result ----

// What differs from the dialect that was deviated from. The types of requests whose effect was not
// seen are moved like those before them.
nlohmann::json explorer::result() const {
  json patch = json::object();
  if (framing_ != base_.at("framing")) patch["framing"] = framing_;
  for (const auto& [name, number] : base_.at("types").items()) {
    std::int64_t type = number.get<std::int64_t>() + shift();
    for (const auto& [request, said] : found_) {
      if (base_.at("requests").at(request).at("type") == name) type = said.type;
    }
    if (type != number) patch["types"][name] = type;
  }
  for (const auto& [request, said] : found_) {
    const json& usual = base_.at("requests").at(request);
    for (const char* const field : {"infos", "payload"}) {
      if (said.form.value(field, "") == usual.value(field, "")) continue;
      patch["requests"][request][field] =
          said.form.contains(field) ? said.form.at(field) : json(nullptr);
    }
  }
  return patch;
}

}  // namespace check
