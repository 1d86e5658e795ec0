// What a program's own dialect may say, and what remains the course's affair.
#include "check/course.hpp"

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "common/resources.hpp"
#include "unit/catch.hpp"

using check::outcome;
using nlohmann::json;
using tools::dialect;

namespace {

check::check_result not_judged(const std::string& id, check::catalogue_text why) {
  check::check_result result{id, outcome::not_judged};
  result.expected = std::move(why);
  return result;
}

outcome judged(const std::string& own, const check::catalogue_text& why,
               const check::rubric& weights = check::rubric()) {
  auto result = not_judged("users.who", why);
  check::fail_if_left_out(result, dialect::from(json::parse(own)), dialect::load("jsonl"), weights);
  return result.outcome;
}

// A file that is gone at the end of the test.
class scratch_file {
 public:
  scratch_file(const std::string& name, const std::string& content)
      : path_(std::filesystem::temp_directory_path() /
              (name + "." + std::to_string(::getpid()) + ".json")) {
    tools::write_file(path(), content);
  }
  scratch_file(const scratch_file&) = delete;
  scratch_file& operator=(const scratch_file&) = delete;
  ~scratch_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

std::string what_is_wrong_with(const std::string& description) {
  try {
    dialect::from(json::parse(description));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

std::string what_is_wrong_with_file(const std::string& path) {
  try {
    dialect::load(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

std::string lines_with(const std::string& fields) {
  return R"({"extends": "lines", )" + fields + "}";
}

}  // namespace

TEST_CASE("what a dialect leaves out of the course's counts as failed") {
  const char* const lines = R"({"extends": "lines"})";
  CHECK(judged(lines, {"why.no_request", {{"request", "who"}}}) == outcome::failed);
  CHECK(judged(lines, {"why.no_attack", {{"attack", "no_type"}}}) == outcome::failed);
  CHECK(judged(lines, {"why.not_promised", {{"property", "greets"}}}) == outcome::failed);
  CHECK(judged(R"({"extends": "jsonl", "port": 80})",
               {"why.not_promised", {{"property", "port"}}}) == outcome::failed);
  CHECK(judged(R"({"extends": "jsonl", "greets": false})",
               {"why.not_promised", {{"property", "greets"}}}) == outcome::failed);
  CHECK(judged(lines, {"why.dialect", {{"reason", "x"}}}) == outcome::failed);
}

TEST_CASE("what the course's dialect does not have either is not judged") {
  const char* const lines = R"({"extends": "lines"})";
  CHECK(judged(lines, {"why.no_request", {{"request", "dance"}}}) == outcome::not_judged);
  CHECK(judged(lines, {"why.no_header"}) == outcome::not_judged);
  CHECK(judged(R"({"extends": "jsonl"})", {"why.not_promised", {{"property", "transfer"}}}) ==
        outcome::not_judged);
  CHECK(judged(lines, {"why.descriptors"}) == outcome::not_judged);
}

TEST_CASE("a failure for a gap in a dialect has its own cause, and earns no share") {
  auto first = not_judged("users.who", {"why.no_request", {{"request", "who"}}});
  check::fail_if_left_out(first, dialect::load("lines"), dialect::load("jsonl"), check::rubric());
  CHECK(first.cause.id == "dialect_leaves_out");
  CHECK(first.cause.values.at("what") == "who");
  auto second = first;
  second.check = "users.msg";
  second.follows_from = "users.who";
  CHECK(check::count({{"echo.exact"}, first, second}, check::rubric()).points == 2);
}

TEST_CASE("a teacher's rubric names what may be left out") {
  const scratch_file file("rubric",
                          R"({"weights": {}, "may_leave_out": ["users", "wire.greets"]})");
  const check::rubric weights(file.path());
  CHECK(weights.may_be_left_out("wire.greets"));
  CHECK_FALSE(weights.may_be_left_out("wire.bytewise"));
  CHECK(judged(R"({"extends": "lines"})", {"why.no_request", {{"request", "who"}}}, weights) ==
        outcome::not_judged);
}

TEST_CASE("the milestones, the limits, the attacks and the refusals are the course's") {
  const auto own = dialect::from(json::parse(R"({"extends": "jsonl", "milestones": {"channels": 9},
      "longest_name": 100000, "attacks": {"no_type": {"raw": "hi"}},
      "refusals": {"bad_nick": "", "nick_taken": "taken"}})"));
  const auto course = dialect::load("jsonl");
  const auto bound = check::within_course(own, course);
  CHECK_FALSE(bound.milestone_of("channels"));
  CHECK(bound.longest_name() == 32);
  CHECK(bound.attack("no_type", {}) == course.attack("no_type", {}));
  CHECK(bound.refusal("bad_nick") == "bad_nick");
  CHECK(bound.refusal("nick_taken") == "taken");
  const auto lines = check::within_course(dialect::load("lines"), course);
  CHECK(lines.refusal("bad_nick") == "bad_nick");
}

TEST_CASE("what a dialect expands to is bounded") {
  CHECK(what_is_wrong_with(lines_with(R"("opening": "{x*3000000}")")).empty());
  const std::string larger = "larger than 4 MiB";
  for (const char* const text : {"{x*5000000}", "{abc*99999999999999}", "{*99999999999999}",
                                 "{x*2000000}{x*2000000}{x*2000000}"})
    CHECK(
        what_is_wrong_with(lines_with(R"("opening": ")" + std::string(text) + "\"")).find(larger) !=
        std::string::npos);
  CHECK(what_is_wrong_with(lines_with(R"("a": "{x*3000000}", "b": "{x*3000000}")")).find(larger) !=
        std::string::npos);
  const auto many =
      dialect::from(json::parse(lines_with(R"("requests": {"echo": "{text}{text}"})")));
  CHECK_THROWS_AS(many.encode("echo", {{"text", std::string(3'000'000, 'x')}}),
                  tools::template_error);
}

TEST_CASE("the sizes in a dialect are bounded") {
  CHECK_FALSE(
      what_is_wrong_with(lines_with(R"("framing": {"kind": "blocks", "bytes": 2000000})")).empty());
  CHECK_FALSE(
      what_is_wrong_with(lines_with(R"("framing": {"kind": "blocks", "bytes": -1})")).empty());
  CHECK_FALSE(
      what_is_wrong_with(lines_with(R"("framing": {"kind": "prefixed", "bytes": 9})")).empty());
  CHECK_FALSE(what_is_wrong_with(lines_with(R"("framing": {"kind": "header",
      "fields": [{"name": "type", "bytes": 100}]})"))
                  .empty());
  CHECK_FALSE(what_is_wrong_with(lines_with(R"("framing": {"kind": "header",
      "fields": [{"name": "a", "bytes": 1000000}, {"name": "b", "bytes": 1000000}]})"))
                  .empty());
}

TEST_CASE("a dialect's file is bounded in size and depth, and is a file") {
  const scratch_file large(
      "large", R"({"extends": "lines", "about": ")" + std::string(1U << 20, ' ') + "\"}");
  CHECK(what_is_wrong_with_file(large.path()).find("larger than 1 MiB") != std::string::npos);
  const auto nested = [](std::size_t depth) {
    return lines_with("\"about\": " + std::string(depth, '[') + "\"[[[[\"" +
                      std::string(depth, ']'));
  };
  const scratch_file deep("deep", nested(32)), flat("flat", nested(31));
  CHECK(what_is_wrong_with_file(deep.path()).find("32 levels") != std::string::npos);
  CHECK(what_is_wrong_with_file(flat.path()).empty());
  CHECK(what_is_wrong_with_file("/dev/zero").find("is no file") != std::string::npos);
}

TEST_CASE("a dialect does not extend itself, and a chain is bounded") {
  const scratch_file first("first", "{}"), second("second", "{}");
  tools::write_file(first.path(), json{{"extends", second.path()}}.dump());
  tools::write_file(second.path(), json{{"extends", first.path()}}.dump());
  CHECK(what_is_wrong_with_file(first.path()).find("extends itself") != std::string::npos);
  CHECK_FALSE(what_is_wrong_with(R"({"extends": 5})").empty());
  std::string base = "lines";
  std::vector<std::unique_ptr<scratch_file>> files;
  for (int n = 0; n < 9; ++n) {
    files.push_back(std::make_unique<scratch_file>("chain" + std::to_string(n),
                                                   json{{"extends", base}}.dump()));
    base = files.back()->path();
  }
  CHECK(what_is_wrong_with_file(files[7]->path()).empty());
  CHECK(what_is_wrong_with_file(files[8]->path()).find("more than 8") != std::string::npos);
}
