// Built-in files and files on disk.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include <jalon/error.hpp>

#include "exit_status.hpp"
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
    if (!(std::cout << content << std::flush))
      jalon::throw_system_error(errno, "write", "standard output");
    return;
  }
  std::ofstream out(path, std::ios::binary);
  out << content;
  out.close();
  if (!out) jalon::throw_system_error(errno, "write", path);
}

int status_after_output(std::string_view program, int status) {
  if (std::cout.flush()) return status;
  std::cerr << program << ": write standard output: " << std::strerror(errno) << "\n";
  return could_not_run;
}

}  // namespace tools
