# The target single_header: the toolkit in one file, single_header/jalon.hpp in the build tree; and once more
# with its JSON, jalon_json.hpp.
include(Python)

file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/jalon/*.hpp")
set(folder "${PROJECT_SOURCE_DIR}/include/jalon")
set(script "${PROJECT_SOURCE_DIR}/cmake/single_header.py")
set(single "${PROJECT_BINARY_DIR}/single_header")

add_custom_command(
  OUTPUT "${single}/jalon.hpp" "${single}/jalon_json.hpp"
  COMMAND "${JALON_PYTHON}" "${script}" "${single}/jalon.hpp" "${folder}/jalon.hpp"
  COMMAND "${JALON_PYTHON}" "${script}" "${single}/jalon_json.hpp" "${folder}/jalon.hpp" "${folder}/json.hpp"
  DEPENDS ${headers} "${script}"
  COMMENT "Writing single_header/jalon.hpp and jalon_json.hpp"
  VERBATIM)
# Whoever only uses the toolkit gets them at once; without Python they are asked for by name, and fail.
if(JALON_PYTHON)
  set(always ALL)
endif()
add_custom_target(single_header ${always} DEPENDS "${single}/jalon.hpp" "${single}/jalon_json.hpp")
