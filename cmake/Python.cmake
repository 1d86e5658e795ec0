# JALON_PYTHON, the interpreter of the build's and the tests' scripts.
#
# /usr/bin comes first: a version manager's Python, often first on the PATH, does not see the modules
# that the system's packages install.
find_program(JALON_PYTHON python3 HINTS /usr/bin REQUIRED)
mark_as_advanced(JALON_PYTHON)
