# Writes resources.cpp: cmake -D ROOT=tools -D OUTPUT=resources.cpp -P resources.cmake
file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/*.json" "${ROOT}/*.css" "${ROOT}/*.js")
list(APPEND files ../docs/causes.md)
set(rows "")
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" content)
  # A raw string may be at most 64 KiB long; pieces that stand side by side are one string.
  string(LENGTH "${content}" left)
  set(at 0)
  set(pieces "")
  while(at LESS left)
    string(SUBSTRING "${content}" ${at} 8000 piece)
    string(APPEND pieces "R\"resource(${piece})resource\"\n")
    math(EXPR at "${at} + 8000")
  endwhile()
  string(REPLACE "../" "" name "${file}")
  string(APPEND rows "      {\"${name}\", ${pieces}},\n")
endforeach()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT [[
// Written by resources.cmake from the files below tools/, and the page of the causes.
#include "resources.hpp"

namespace tools {

const std::vector<std::pair<std::string_view, std::string_view>>& resources() {
  static const std::vector<std::pair<std::string_view, std::string_view>> all{
@rows@  };
  return all;
}

}  // namespace tools
]] @ONLY)
