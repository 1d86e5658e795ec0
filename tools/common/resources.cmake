# Writes resources.cpp: cmake -D ROOT=tools -D OUTPUT=resources.cpp -P resources.cmake
file(GLOB_RECURSE files RELATIVE "${ROOT}" "${ROOT}/*.json" "${ROOT}/*.css" "${ROOT}/*.js")
list(APPEND files ../docs/causes.md)
set(rows "")
foreach(file IN LISTS files)
  file(READ "${ROOT}/${file}" content)
  string(REPLACE "../" "" name "${file}")
  string(APPEND rows "      {\"${name}\", R\"resource(${content})resource\"},\n")
endforeach()
file(CONFIGURE OUTPUT "${OUTPUT}" CONTENT [[
// Written by resources.cmake from the files below tools/, and the page of the causes.
#include "resources.hpp"

// Compilers need not take a string of more than 64 KiB; those that build this take any.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverlength-strings"

namespace tools {

const std::vector<std::pair<std::string_view, std::string_view>>& resources() {
  static const std::vector<std::pair<std::string_view, std::string_view>> all{
@rows@  };
  return all;
}

}  // namespace tools

#pragma GCC diagnostic pop
]] @ONLY)
