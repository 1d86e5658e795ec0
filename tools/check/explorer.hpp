// Finds how a program with a binary header is spoken to, by what messages lead to: no answer's
// wording is known, only who receives which random word.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "header_search.hpp"
#include "stage.hpp"

namespace check {

/// What was found.
struct exploration {
  nlohmann::json patch = nlohmann::json::object();  ///< what differs from the dialect it began with
  std::size_t layouts_tried = 0;
  std::vector<std::string> found = {};    ///< the requests whose effect was seen
  std::vector<std::string> unknown = {};  ///< those that have none of the known forms
  std::chrono::milliseconds slowest{0};   ///< the longest wait for an answer that came
};

/// Explores a program that it starts, and starts again if it ends.
class explorer {
 public:
  /// @param options with the dialect that is deviated from
  /// @param known what deviations.json holds
  /// @param limit how long the search may take
  explorer(stage_options options, nlohmann::json known, std::chrono::seconds limit);

  /// @throws failure if the program cannot be started
  exploration explore();

 private:
  using json = nlohmann::json;
  // A way to say a request: the number of its type, and the other fields.
  struct way {
    std::int64_t type = 0;
    json form = {};
    std::string style = {};
  };
  using effect = std::function<bool(const way&)>;
  // How far from the usual type is searched.
  static constexpr std::int64_t nearby = 2;
  static constexpr std::int64_t everywhere = 100;

  bool is_out_of_time() const;
  void start_program();
  user& connect();

  std::vector<json> candidates();
  program_reply reply_to(const std::string& text, std::size_t piece);
  std::chrono::milliseconds patience() const;
  void note_time_since(std::chrono::steady_clock::time_point began);
  void use(json framing);
  bool answers();

  std::string bytes_of(const way& said, const tools::arguments& values) const;
  std::string ask(user& who, const way& said, const tools::arguments& values);
  std::string ask(std::size_t who, const way& said, const tools::arguments& values);
  bool bring_back();
  void enter(std::size_t who);

  bool find_nick();
  std::string answer_to_nick(const way& said, const std::string& nick);
  std::string welcome_of(const way& said);
  bool is_nick(const way& said);
  void find_msg(std::int64_t spread);
  bool reaches_one(const way& said, const std::string& field);
  void find_rest(std::int64_t spread);
  void find(const std::string& request, const effect& works, std::int64_t spread = everywhere);
  void find_pair(const std::string& first, const std::string& second, const effect& asks,
                 const effect& shows, std::int64_t most);
  bool creates(const way& created);
  void find_channel(std::int64_t spread);
  bool leaves(const way& left);
  bool hears(std::size_t who, const std::string& word) const;
  bool speaks(const way& said);
  std::vector<std::int64_t> types_for(const std::string& request) const;
  std::vector<way> ways_for(const std::string& request) const;
  std::int64_t usual_type(const std::string& request) const;
  std::int64_t shift() const;
  json result() const;

  stage_options options_;
  json known_;
  json base_;
  std::chrono::steady_clock::time_point end_;
  std::unique_ptr<stage> stage_;
  json framing_;
  tools::dialect dialect_;
  std::map<std::string, way> found_;
  std::vector<user*> people_;  // who have nicks, once it is known how to take one
  std::string channel_;
  std::chrono::milliseconds usual_wait_{0};  // for an answer that came
  exploration report_;
};

}  // namespace check
