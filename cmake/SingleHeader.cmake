# The target single_header: the whole toolkit in one file, single_header/jalon.hpp in the build tree.
include(Python)
if(NOT JALON_PYTHON)
  message(STATUS "Without python3: the single header cannot be generated")
  return()
endif()

set(JALON_SINGLE_HEADER "${PROJECT_BINARY_DIR}/single_header/jalon.hpp")
file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/jalon/*.hpp")

add_custom_command(
  OUTPUT "${JALON_SINGLE_HEADER}"
  COMMAND "${JALON_PYTHON}" "${PROJECT_SOURCE_DIR}/cmake/single_header.py"
          "${PROJECT_SOURCE_DIR}/include/jalon/jalon.hpp" "${JALON_SINGLE_HEADER}"
  DEPENDS ${headers} cmake/single_header.py
  COMMENT "Writing single_header/jalon.hpp"
  VERBATIM)
add_custom_target(single_header DEPENDS "${JALON_SINGLE_HEADER}")
