// The files of a program, and what a change of them has changed.
#include "watch.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include <jalon/reactor.hpp>

#include "common/text.hpp"

namespace check {

namespace {

constexpr std::chrono::milliseconds between_looks{200};

// The checks that have @p wanted now, and had another outcome before.
std::string newly(outcome wanted, const std::vector<check_result>& before,
                  const std::vector<check_result>& after) {
  std::map<std::string, outcome> earlier;
  for (const auto& result : before) earlier[result.check] = result.outcome;
  std::vector<std::string> names;
  for (const auto& result : after) {
    const auto known = earlier.find(result.check);
    if (result.outcome != wanted || known == earlier.end() || known->second == wanted) continue;
    names.push_back(result.check);
  }
  return tools::joined(names, ", ");
}

// Looks again and again: a build may replace a file, its folder, or write over a network.
void wait_for_change(const std::vector<watched_file>& files, change_detector& changes) {
  jalon::reactor loop;
  jalon::reactor::timer_type timer;
  const std::function<void()> look = [&] {
    if (changes.observe(state_of(files))) return loop.stop();
    timer = loop.at(loop.now() + between_looks, look);
  };
  look();
  loop.run();
}

}  // namespace

std::vector<watched_file> files_of(const std::vector<std::string>& command) {
  std::vector<watched_file> files;
  for (std::size_t n = 0; n < command.size(); ++n) {
    const bool is_path = n == 0 && command[n].find('/') != std::string::npos;
    if (is_path || (n > 0 && std::filesystem::is_regular_file(command[n])))
      files.push_back({command[n], n == 0});
  }
  return files;
}

file_state state_of(const std::vector<watched_file>& files) {
  file_state state;
  for (const auto& file : files) {
    struct stat info {};
    if (::stat(file.path.c_str(), &info) == -1 || info.st_size == 0) return {};
    if (file.is_executed && ::access(file.path.c_str(), X_OK) == -1) return {};
    for (const auto number :
         {static_cast<std::int64_t>(info.st_ino), static_cast<std::int64_t>(info.st_size),
          static_cast<std::int64_t>(info.st_mtim.tv_sec),
          static_cast<std::int64_t>(info.st_mtim.tv_nsec)})
      state += std::to_string(number) + " ";
  }
  return state;
}

std::string difference_text(const std::vector<check_result>& before,
                            const std::vector<check_result>& after, const catalogue& texts) {
  const std::string right = newly(outcome::passed, before, after);
  const std::string wrong = newly(outcome::failed, before, after);
  std::string text;
  if (!right.empty()) text += texts.say("watch.right", {{"checks", right}}) + "\n";
  if (!wrong.empty()) text += texts.say("watch.wrong", {{"checks", wrong}}) + "\n";
  return text.empty() ? texts.say("watch.same") + "\n" : text;
}

void run_at_every_change(const std::vector<watched_file>& files, const std::function<void()>& run) {
  for (;;) {
    change_detector changes(state_of(files));  // a change during the run counts, too
    run();
    wait_for_change(files, changes);
  }
}

}  // namespace check
