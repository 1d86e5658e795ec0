// Results to JSON and back.
#include "result.hpp"

namespace check {

namespace {

using nlohmann::json;
using tools::from_latin;
using tools::latin;

// The fields of a struct, once for both ways.
template <class Struct, class Visit>
void each_field(Struct& one, Visit visit) requires requires {
  one.half_sent;
}
{
  visit("who", one.who);
  visit("half_sent", one.half_sent);
  visit("reads", one.reads);
  visit("closed", one.closed);
  visit("half_closed", one.half_closed);
  visit("ended_first", one.ended_first);
  visit("reset", one.reset);
  visit("quit", one.quit);
  visit("ended", one.ended);
  visit("held", one.held);
  visit("unread", one.unread);
  visit("unsent", one.unsent);
  visit("descriptor", one.descriptor);
}

template <class Struct, class Visit>
void each_field(Struct& one, Visit visit) requires requires {
  one.cpu_percent;
}
{
  visit("listens", one.listens);
  visit("ended", one.ended);
  visit("by_signal", one.by_signal);
  visit("end_number", one.end_number);
  visit("stopped_because", one.stopped_because);
  visit("cpu_percent", one.cpu_percent);
  visit("threads", one.threads);
  visit("descriptors", one.descriptors);
  visit("descriptors_before", one.descriptors_before);
  visit("descriptor_limit", one.descriptor_limit);
  visit("memory", one.memory);
  visit("memory_before", one.memory_before);
  visit("waits_in", one.waits_in);
  visit("waits_on", one.waits_on);
  visit("not_accepted", one.not_accepted);
  visit("told_port", one.told_port);
  visit("listening_port", one.listening_port);
  visit("signal_sent", one.signal_sent);
  visit("facts", one.facts);
}

template <class Struct>
json fields_to_json(const Struct& one) {
  json data = json::object();
  each_field(one, [&](const char* name, const auto& value) { data[name] = value; });
  return data;
}

template <class Struct>
void fields_from_json(const json& data, Struct& one) {
  each_field(one, [&](const char* name, auto& value) { data.at(name).get_to(value); });
}

json to_json(const said& text) {
  json values = json::object();
  for (const auto& [name, value] : text.values) values[name] = latin(value);
  return {{"id", text.id}, {"values", values}};
}

said said_from(const json& data) {
  said text{data.at("id").get<std::string>()};
  for (const auto& [name, value] : data.at("values").items())
    text.values[name] = from_latin(value.get<std::string>());
  return text;
}

}  // namespace

std::string name_of(outcome value) {
  if (value == outcome::passed) return "passed";
  return value == outcome::failed ? "failed" : "not_judged";
}

json to_json(const result& one) {
  json seen = fields_to_json(one.seen);
  seen["last_words"] = latin(one.seen.last_words);
  seen["connections"] = json::array();
  for (const auto& connection : one.seen.connections)
    seen["connections"].push_back(fields_to_json(connection));
  json story = json::array();
  for (const auto& event : one.story) story.push_back(to_json(event));
  json data{{"check", one.check},
            {"outcome", name_of(one.came_out)},
            {"due", to_json(one.due)},
            {"came", to_json(one.came)},
            {"who", one.who},
            {"offset", one.offset},
            {"evidence", std::move(seen)},
            {"cause", to_json(one.cause)},
            {"follows_from", one.follows_from},
            {"may_follow_from", one.may_follow_from},
            {"story", std::move(story)},
            {"took_ms", one.took.count()},
            {"runs", one.runs},
            {"failures", one.failures}};
  if (one.event) data["event"] = *one.event;
  return data;
}

result from_json(const json& data) {
  result one;
  data.at("check").get_to(one.check);
  const std::string came_out = data.at("outcome");
  for (const outcome value : {outcome::passed, outcome::failed, outcome::not_judged}) {
    if (name_of(value) == came_out) one.came_out = value;
  }
  one.due = said_from(data.at("due"));
  one.came = said_from(data.at("came"));
  data.at("who").get_to(one.who);
  data.at("offset").get_to(one.offset);
  if (data.contains("event")) one.event = data.at("event").get<std::size_t>();
  const json& seen = data.at("evidence");
  fields_from_json(seen, one.seen);
  one.seen.last_words = from_latin(seen.at("last_words").get<std::string>());
  for (const auto& connection : seen.at("connections"))
    fields_from_json(connection, one.seen.connections.emplace_back());
  one.cause = said_from(data.at("cause"));
  data.at("follows_from").get_to(one.follows_from);
  data.at("may_follow_from").get_to(one.may_follow_from);
  for (const auto& event : data.at("story")) one.story.push_back(tools::event_from(event));
  one.took = std::chrono::milliseconds(data.at("took_ms").get<std::int64_t>());
  data.at("runs").get_to(one.runs);
  data.at("failures").get_to(one.failures);
  return one;
}

}  // namespace check
