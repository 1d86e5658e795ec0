// Results to JSON and back.
#include "result.hpp"

namespace check {

namespace {

using nlohmann::json;
using tools::bytes_from_utf8;
using tools::bytes_to_utf8;

// The fields of a struct, listed once for reading and writing.
template <class Struct, class Visit>
void each_field(Struct& fields, Visit visit) requires requires {
  fields.half_sent;
}
{
  visit("who", fields.who);
  visit("half_sent", fields.half_sent);
  visit("reads", fields.reads);
  visit("closed", fields.closed);
  visit("half_closed", fields.half_closed);
  visit("ended_first", fields.ended_first);
  visit("reset", fields.reset);
  visit("quit", fields.quit);
  visit("ended", fields.ended);
  visit("held", fields.held);
  visit("unread", fields.unread);
  visit("unsent", fields.unsent);
  visit("descriptor", fields.descriptor);
}

template <class Struct, class Visit>
void each_field(Struct& fields, Visit visit) requires requires {
  fields.cpu_percent;
}
{
  visit("listens", fields.listens);
  visit("ended", fields.ended);
  visit("by_signal", fields.by_signal);
  visit("end_number", fields.end_number);
  visit("stopped_because", fields.stopped_because);
  visit("cpu_percent", fields.cpu_percent);
  visit("threads", fields.threads);
  visit("descriptors", fields.descriptors);
  visit("descriptors_before", fields.descriptors_before);
  visit("descriptor_limit", fields.descriptor_limit);
  visit("memory", fields.memory);
  visit("memory_before", fields.memory_before);
  visit("waits_in", fields.waits_in);
  visit("waits_on", fields.waits_on);
  visit("not_accepted", fields.not_accepted);
  visit("told_port", fields.requested_port);
  visit("listening_port", fields.listening_port);
  visit("signal_sent", fields.signal_sent);
  visit("facts", fields.facts);
}

template <class Struct>
json fields_to_json(const Struct& object) {
  json data = json::object();
  each_field(object, [&](const char* name, const auto& value) { data[name] = value; });
  return data;
}

template <class Struct>
void fields_from_json(const json& data, Struct& object) {
  each_field(object, [&](const char* name, auto& value) { data.at(name).get_to(value); });
}

json to_json(const catalogue_text& text) {
  json values = json::object();
  for (const auto& [name, value] : text.values) values[name] = bytes_to_utf8(value);
  return {{"id", text.id}, {"values", values}};
}

catalogue_text text_from(const json& data) {
  catalogue_text text{data.at("id").get<std::string>()};
  for (const auto& [name, value] : data.at("values").items())
    text.values[name] = bytes_from_utf8(value.get<std::string>());
  return text;
}

}  // namespace

std::string name_of(outcome value) {
  if (value == outcome::passed) return "passed";
  return value == outcome::failed ? "failed" : "not_judged";
}

json to_json(const check_result& result) {
  json seen = fields_to_json(result.seen);
  seen["last_words"] = bytes_to_utf8(result.seen.last_output);
  seen["connections"] = json::array();
  for (const auto& connection : result.seen.connections)
    seen["connections"].push_back(fields_to_json(connection));
  json story = json::array();
  for (const auto& event : result.story) story.push_back(to_json(event));
  json data{{"check", result.check},
            {"outcome", name_of(result.outcome)},
            {"due", to_json(result.expected)},
            {"came", to_json(result.actual)},
            {"who", result.who},
            {"offset", result.offset},
            {"evidence", std::move(seen)},
            {"cause", to_json(result.cause)},
            {"other_cause", to_json(result.other_cause)},
            {"follows_from", result.follows_from},
            {"may_follow_from", result.may_follow_from},
            {"story", std::move(story)},
            {"took_ms", result.took.count()},
            {"runs", result.runs},
            {"failures", result.failures}};
  if (result.event) data["event"] = *result.event;
  return data;
}

check_result from_json(const json& data) {
  check_result result;
  data.at("check").get_to(result.check);
  const std::string outcome_name = data.at("outcome");
  for (const outcome value : {outcome::passed, outcome::failed, outcome::not_judged}) {
    if (name_of(value) == outcome_name) result.outcome = value;
  }
  result.expected = text_from(data.at("due"));
  result.actual = text_from(data.at("came"));
  data.at("who").get_to(result.who);
  data.at("offset").get_to(result.offset);
  if (data.contains("event")) result.event = data.at("event").get<std::size_t>();
  const json& seen = data.at("evidence");
  fields_from_json(seen, result.seen);
  result.seen.last_output = bytes_from_utf8(seen.at("last_words").get<std::string>());
  for (const auto& connection : seen.at("connections"))
    fields_from_json(connection, result.seen.connections.emplace_back());
  result.cause = text_from(data.at("cause"));
  result.other_cause = text_from(data.at("other_cause"));
  data.at("follows_from").get_to(result.follows_from);
  data.at("may_follow_from").get_to(result.may_follow_from);
  for (const auto& event : data.at("story")) result.story.push_back(tools::event_from(event));
  result.took = std::chrono::milliseconds(data.at("took_ms").get<std::int64_t>());
  data.at("runs").get_to(result.runs);
  data.at("failures").get_to(result.failures);
  return result;
}

}  // namespace check
