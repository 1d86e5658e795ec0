# JALON_PYTHON, the interpreter of the build's and the tests' scripts.
#
# /usr/bin comes first: a version manager's Python, often first on the PATH, does not see the modules
# that the system's packages install.
set(required)
if(JALON_BUILD_TESTS)
  set(required REQUIRED)
endif()
find_program(JALON_PYTHON python3 HINTS /usr/bin ${required})
mark_as_advanced(JALON_PYTHON)
