// Files: those that are built into the programs (dialects, texts, the rubric) and those on disk.
// The build generates resources.cpp from the data files in tools/.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tools {

/// All built-in files: the path below `tools/`, or `docs/causes.md`; and the content.
const std::vector<std::pair<std::string_view, std::string_view>>& resources();

/// The built-in file @p path, for example "dialects/lines.json"; nothing if there is none.
std::optional<std::string_view> resource(std::string_view path);

/// Reads the file @p path from disk. @throws std::system_error that names the file
std::string read_file(const std::string& path);

/// Writes @p content to the file @p path; `-` is standard output. @throws std::system_error if not
/// all of it could be written
void write_file(const std::string& path, std::string_view content);

/// The exit status of @p program after something else wrote to `std::cout`: @p status, or
/// `could_not_run` with a message on standard error if the output was lost.
int status_after_output(std::string_view program, int status);

}  // namespace tools
