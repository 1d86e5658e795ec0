# The libraries that Jalon's own programs are built with, as far as they are here.
#
# A program whose libraries are here is built. For each library that is missing, one line that begins with
# "Without" says what is lost; `./jalon` shows these lines. Tests and fuzz targets do not do without any but
# Asio and simdjson.
set(required)
if(JALON_BUILD_TESTS OR JALON_BUILD_FUZZ)
  set(required REQUIRED)
endif()

find_package(Threads REQUIRED)

find_package(CLI11 QUIET ${required})
if(NOT CLI11_FOUND)
  message(STATUS "Without CLI11: only the programs of 00-sockets and tiny_server of 01-echo, no check, no tap")
endif()

find_package(nlohmann_json 3.11 QUIET ${required})
if(NOT nlohmann_json_FOUND)
  message(STATUS "Without nlohmann/json: no milestone after 01-echo, no check, no tap")
endif()

find_package(OpenSSL QUIET ${required} COMPONENTS Crypto)
if(NOT OpenSSL_FOUND)
  message(STATUS "Without OpenSSL: no milestone after 03-channels, no check, no tap")
endif()

find_package(Readline QUIET ${required})
if(NOT Readline_FOUND)
  message(STATUS "Without Readline: clients have no history, no completion and no colours, "
                 "and do not draw a half-typed line again")
endif()

if(JALON_WITH_ASIO AND NOT TARGET Asio::Asio)
  message(STATUS "Without Asio: servers do not have --loop asio")
  set(JALON_WITH_ASIO OFF)
endif()

if(JALON_WITH_SIMDJSON AND NOT TARGET simdjson::simdjson)
  message(STATUS "Without simdjson: reading a message takes servers six times as long")
endif()
