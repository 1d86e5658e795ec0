# Finds standalone Asio, which comes as headers alone, and makes of it the target Asio::Asio.
#
# Debian's libasio-dev has neither a CMake config nor a .pc file. Installed with Jalon, because
# jalon::asio needs it where it is used.
find_package(Threads QUIET)
find_path(Asio_INCLUDE_DIR asio/io_context.hpp)
mark_as_advanced(Asio_INCLUDE_DIR)

if(Asio_INCLUDE_DIR)
  # The version is one number: major * 100000 + minor * 100 + patch.
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" line REGEX "#define ASIO_VERSION [0-9]+")
  string(REGEX MATCH "[0-9]+" number "${line}")
  math(EXPR major "${number} / 100000")
  math(EXPR minor "${number} / 100 % 1000")
  math(EXPR patch "${number} % 100")
  set(Asio_VERSION ${major}.${minor}.${patch})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  Asio REQUIRED_VARS Asio_INCLUDE_DIR Threads_FOUND VERSION_VAR Asio_VERSION)

if(Asio_FOUND AND NOT TARGET Asio::Asio)
  add_library(Asio::Asio INTERFACE IMPORTED)
  set_target_properties(Asio::Asio PROPERTIES INTERFACE_COMPILE_DEFINITIONS ASIO_STANDALONE)
  target_include_directories(Asio::Asio SYSTEM INTERFACE "${Asio_INCLUDE_DIR}")
  target_link_libraries(Asio::Asio INTERFACE Threads::Threads)
endif()
