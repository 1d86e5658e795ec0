// Sequence diagrams.
#include "sequence.hpp"

#include <algorithm>
#include <map>

#include <jalon/utf8.hpp>

#include "resources.hpp"

namespace tools {

namespace {

constexpr int lane_width = 300;
constexpr int row_height = 34;
constexpr int header_height = 44;
constexpr std::size_t max_rows = 120;
constexpr std::size_t label_length = 32;  // above an arrow, which is one lane long
constexpr std::size_t note_length = 46;   // beside a lane
constexpr int letter_width = 8;

// The positions of the lanes: the clients on the left and right, the server in the middle.
struct lanes {
  std::map<std::string, int> x;
  int server = 0;
  int width = 0;
};

lanes place_lanes(const std::vector<wire_event>& story) {
  std::vector<std::string> names;
  for (const auto& event : story) {
    if (!event.who.empty() && std::find(names.begin(), names.end(), event.who) == names.end())
      names.push_back(event.who);
  }
  lanes all;
  const std::size_t left = (names.size() + 1) / 2;
  int x = lane_width / 2;
  for (std::size_t n = 0; n <= names.size(); ++n, x += lane_width) {
    if (n == left) all.server = x;
    if (n < left) all.x[names[n]] = x;
    if (n > left) all.x[names[n - 1]] = x;
  }
  all.width = x + lane_width / 2;  // room for a note beside the last lane
  return all;
}

std::string number(int value) { return std::to_string(value); }

std::string line(int x1, int y1, int x2, int y2, const std::string& extra) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\" " + extra + "/>\n";
}

std::string text(int x, int y, const std::string& content, const std::string& extra = {}) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" " + extra + ">" + as_html(content) +
         "</text>\n";
}

std::string bytes_label(const std::string& bytes) {
  return std::string(jalon::utf8_prefix(visible(bytes), 400));
}

std::string clipped(const std::string& label, std::size_t length = label_length) {
  if (label.size() <= length) return label;
  return std::string(jalon::utf8_prefix(label, length - 1)) + "\xE2\x80\xA6";
}

// An arrow with its label above it. A tooltip shows the full label.
std::string arrow(int from, int to, int y, const std::string& label, const std::string& kind,
                  bool wrong) {
  std::string svg =
      "<g class=\"" + kind + (wrong ? " wrong" : "") + "\"><title>" + as_html(label) + "</title>\n";
  svg += line(from, y, to, y, "marker-end=\"url(#tip)\"");
  svg += text((from + to) / 2, y - 6, clipped(label), "class=\"label\"");
  return svg + "</g>\n";
}

std::string dot(int x, int y, const std::string& label, const std::string& kind,
                std::size_t length = note_length) {
  return "<g class=\"" + kind + "\"><title>" + as_html(label) + R"(</title><circle cx=")" +
         number(x) + "\" cy=\"" + number(y) + R"(" r="5"/>)" +
         text(x + 10, y + 4, clipped(label, length)) + "</g>\n";
}

// Finds the messages in everything that each connection has sent or received. The key is the index
// of the event in which the message ends.
std::map<std::size_t, std::string> messages_of(const sequence& diagram) {
  struct byte_stream {
    std::string bytes;
    std::vector<std::size_t> ends, events;
  };
  std::map<std::pair<std::string, wire_kind>, byte_stream> streams;
  for (std::size_t n = 0; n < diagram.story.size(); ++n) {
    const auto& event = diagram.story[n];
    if (event.kind != wire_kind::sent && event.kind != wire_kind::received) continue;
    auto& stream = streams[{event.who, event.kind}];
    stream.bytes += event.bytes;
    stream.ends.push_back(stream.bytes.size());
    stream.events.push_back(n);
  }
  std::map<std::size_t, std::string> found;
  for (const auto& [name, stream] : streams) {
    for (const auto& message : diagram.dialect.split(stream.bytes)) {
      const auto at = std::lower_bound(stream.ends.begin(), stream.ends.end(), message.end) -
                      stream.ends.begin();
      auto& label = found[stream.events[static_cast<std::size_t>(at)]];
      label += (label.empty() ? "" : " + ") + message.summary +
               (message.complete ? "" : " \xE2\x80\xA6");
    }
  }
  return found;
}

std::string layer_choice(const sequence& diagram) {
  std::string html = "<p class=\"layers\">" + as_html(diagram.labels[0]) + ": ";
  const std::array<std::string, 3> layers{"calls", "segments", "messages"};
  for (std::size_t n = 0; n < layers.size(); ++n) {
    html += R"(<label><input type="checkbox" checked data-layer=")" + layers[n] + "\"> " +
            as_html(diagram.labels[n + 1]) + "</label> ";
  }
  return html + "</p>\n";
}

}  // namespace

std::string sequence_diagram(const sequence& diagram) {
  const lanes all = place_lanes(diagram.story);
  const auto messages = messages_of(diagram);
  const std::size_t first = diagram.story.size() > max_rows ? diagram.story.size() - max_rows : 0;
  std::string rows;
  int y = header_height;
  for (std::size_t n = first; n < diagram.story.size(); ++n) {
    const auto& event = diagram.story[n];
    const bool wrong = diagram.wrong == n;
    y += row_height;
    if (event.who.empty()) {
      rows += dot(all.server, y, diagram.describe(event), "note");
      continue;
    }
    const int x = all.x.at(event.who);
    const bool in = event.kind == wire_kind::received;
    const auto message = messages.find(n);
    if (event.kind == wire_kind::sent)
      rows += arrow(x, all.server, y, bytes_label(event.bytes), "calls", wrong);
    else if (in)
      rows += arrow(all.server, x, y, bytes_label(event.bytes), "segments", wrong);
    else
      rows += dot(x, y, diagram.describe(event), "note");
    if (message != messages.end() && !message->second.empty()) {
      y += row_height / 2;
      const int middle = (x + all.server) / 2;
      rows += "<g class=\"messages\"><title>" + as_html(message->second) + "</title>" +
              text(middle, y, clipped(message->second), "class=\"label\"") + "</g>\n";
    }
  }
  const int end = y + row_height;
  int height = end;
  if (!diagram.missing.empty()) {
    const auto room = static_cast<std::size_t>(all.width / letter_width - 5);
    rows += dot(20, end + row_height / 2, diagram.missing, "note wrong", room);
    height += row_height;
  }
  std::string svg = R"(<div class="diagram" id="d)" + diagram.id + "\">\n" + layer_choice(diagram);
  svg += R"(<div class="scroll"><svg role="img" width=")" + number(all.width) + "\" height=\"" +
         number(height) + "\" viewBox=\"0 0 " + number(all.width) + " " + number(height) + "\">\n";
  for (const auto& [name, x] : all.x) {
    svg +=
        text(x, 24, name, "class=\"head\"") + line(x, header_height - 10, x, end, "class=\"lane\"");
  }
  svg += text(all.server, 24, diagram.labels[4], "class=\"head\"");
  svg += line(all.server, header_height - 10, all.server, end, "class=\"lane server\"");
  return svg + rows + "</svg></div></div>\n";
}

std::string page_begin(const std::string& title) {
  return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
         as_html(title) + "</title>\n<style>\n" + std::string(*resource("page/report.css")) +
         "</style></head><body>\n"
         "<svg width=\"0\" height=\"0\"><defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" "
         "refY=\"5\" "
         "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\"><path d=\"M0 0 L10 5 "
         "L0 10 z\" "
         "fill=\"context-stroke\"/></marker></defs></svg>\n";
}

std::string page_end() {
  return "<script>\n" + std::string(*resource("page/report.js")) + "</script></body></html>\n";
}

}  // namespace tools
