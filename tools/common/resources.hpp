// The data files that are built into the programs: dialects, texts, the rubric.
// Their meaning is not known here. resources.cpp is written by the build, from the files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools {

/// Every file built in: its path below `tools/`, and its content.
const std::vector<std::pair<std::string_view, std::string_view>>& resources();

/// The file @p path, say "dialects/lines.json"; nothing if there is none.
std::optional<std::string_view> resource(std::string_view path);

/// The content of the file @p path on the disk. @throws std::system_error that names it
std::string read_file(const std::string& path);

/// Writes @p content to the file @p path; `-` is standard output. @throws std::system_error
void write_file(const std::string& path, std::string_view content);

}  // namespace tools
