// Built-in files and files on disk.
#include <cerrno>
#include <fstream>
#include <iostream>
#include <sstream>

#include <jalon/error.hpp>

#include "resources.hpp"

namespace tools {

std::optional<std::string_view> resource(std::string_view path) {
  for (const auto& [name, content] : resources()) {
    if (name == path) return content;
  }
  return std::nullopt;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) jalon::throw_system_error(errno, "open", path);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

void write_file(const std::string& path, std::string_view content) {
  if (path == "-") {
    std::cout << content << std::flush;
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.flush();
  if (!out) jalon::throw_system_error(errno, "write", path);
}

}  // namespace tools
