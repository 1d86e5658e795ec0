// What both sides of a file transfer need of the program. Chapter: tutorial/04-files.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <jalon/endpoint.hpp>

namespace chat {

/// What the client's side of file transfers needs of the program, besides the core.
struct file_host {
  jalon::endpoint local;   ///< where this client is, as the server's peer
  jalon::endpoint server;  ///< where the chat's server is; no address if that is not known
  /// Shows how far a file is, at a terminal; an empty line removes what was shown.
  std::function<void(const std::string& line)> progress;
  std::function<void()> idle;  ///< no file is moving any more
  /// How long a question is shown before an answer counts: see `questions`.
  std::chrono::milliseconds reading_time{0};
};

/// A file's name or path as it was typed, without the quotes around it.
inline std::string unquoted(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
    text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace chat
