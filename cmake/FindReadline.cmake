# Finds GNU Readline and makes of it the target Readline::Readline.
#
# Not by pkg-config: Readline's .pc file asks for _XOPEN_SOURCE=600, which hides newer functions.
# Homebrew keeps it apart, because macOS has another library under the same name.
set(apart /opt/homebrew/opt/readline /usr/local/opt/readline)
find_path(Readline_INCLUDE_DIR readline/readline.h HINTS ${apart} PATH_SUFFIXES include)
find_library(Readline_LIBRARY readline HINTS ${apart} PATH_SUFFIXES lib)
mark_as_advanced(Readline_INCLUDE_DIR Readline_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Readline REQUIRED_VARS Readline_LIBRARY Readline_INCLUDE_DIR)

if(Readline_FOUND AND NOT TARGET Readline::Readline)
  add_library(Readline::Readline UNKNOWN IMPORTED)
  set_target_properties(
    Readline::Readline PROPERTIES IMPORTED_LOCATION "${Readline_LIBRARY}"
                                  INTERFACE_INCLUDE_DIRECTORIES "${Readline_INCLUDE_DIR}")
endif()
