# How Jalon's own programs are compiled: warnings, and the sanitizers of JALON_SANITIZE.
#
# jalon_developer is linked by examples, tests and fuzz targets, never by the toolkit's targets: what a
# user compiles gets the user's own flags.
#
# They compile the toolkit once, through jalon_toolkit; without JALON_COMPILE_ONCE they take it from the
# headers alone, as most users do.
include(Python)

add_library(jalon_developer INTERFACE)
target_compile_features(jalon_developer INTERFACE cxx_std_20)
target_compile_options(
  jalon_developer
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion $<$<BOOL:${JALON_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC bug 105651: at -O3, g++ 12 believes that "text" + std::string copies a string onto itself.
  target_compile_options(jalon_developer INTERFACE -Wno-restrict)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
  # Names that belong to the implementation: __x, _X.
  target_compile_options(jalon_developer INTERFACE -Wreserved-identifier)
endif()

if(JALON_SANITIZE)
  target_compile_options(
    jalon_developer INTERFACE -fsanitize=${JALON_SANITIZE} -fno-sanitize-recover=all
                              -fno-omit-frame-pointer)
  target_link_options(jalon_developer INTERFACE -fsanitize=${JALON_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++'s manual: with sanitizers there are more false warnings, "most notably" the first; the second
    # says that a fence of Asio's is not looked at. Builds without sanitizers keep the warnings.
    target_compile_options(jalon_developer INTERFACE -Wno-maybe-uninitialized -Wno-tsan)
  elseif(JALON_SANITIZE MATCHES "undefined")
    # To look at an object's type, clang's runtime opens a pipe. Tests in which no descriptor is left would fail.
    target_compile_options(jalon_developer INTERFACE -fno-sanitize=vptr)
  endif()
endif()

# For tests and tools, whose speed nobody measures: they are compiled in half the time. At this level g++ takes
# an empty std::optional for one whose value is read; what is compiled at -O3 keeps that warning.
add_library(jalon_barely_optimised INTERFACE)
target_compile_options(
  jalon_barely_optimised INTERFACE $<$<CONFIG:Release>:-O1>
                                   $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)

add_library(jalon_toolkit INTERFACE)
target_link_libraries(jalon_toolkit INTERFACE $<IF:$<BOOL:${JALON_COMPILE_ONCE}>,jalon::compiled,jalon::jalon>)
# It is part of Jalon's own programs here: their warnings and sanitizers are for it too.
target_link_libraries(jalon_compiled PRIVATE jalon_developer)

# The toolkit and its JSON, as far as that is there. Programs may choose how JSON is read; Jalon's own take
# simdjson where it is there.
add_library(jalon_toolkit_json INTERFACE)
target_link_libraries(jalon_toolkit_json INTERFACE jalon_toolkit)
if(TARGET nlohmann_json::nlohmann_json)
  if(JALON_WITH_SIMDJSON AND TARGET simdjson::simdjson)
    target_link_libraries(jalon_toolkit_json INTERFACE jalon::simdjson)
  else()
    target_link_libraries(jalon_toolkit_json INTERFACE jalon::json)
  endif()
endif()
