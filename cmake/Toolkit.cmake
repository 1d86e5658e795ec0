# The toolkit as CMake targets: jalon::jalon, jalon::json, jalon::simdjson, jalon::asio, jalon::compiled.
#
# The first four are INTERFACE targets that always exist; what json, simdjson and asio need is looked for
# quietly, so that a missing library is an error only where it is used. jalon::simdjson is jalon::json
# with another parser: a program links it as a whole or not at all.
include(Compiled)

# Shows an imported target to the whole project: with add_subdirectory(jalon), who links jalon::json
# stands in a directory above this one.
function(jalon_share target)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
endfunction()

if(NOT TARGET nlohmann_json::nlohmann_json)
  find_package(nlohmann_json 3.11 QUIET)
  jalon_share(nlohmann_json::nlohmann_json)
endif()

if(NOT TARGET simdjson::simdjson)
  find_package(simdjson QUIET)
  jalon_share(simdjson::simdjson)
  jalon_share(Threads::Threads)  # which it links
endif()

if(JALON_WITH_ASIO AND NOT TARGET Asio::Asio)
  find_package(Asio 1.22 QUIET)
  jalon_share(Asio::Asio)
  jalon_share(Threads::Threads)
endif()

add_library(jalon INTERFACE)
add_library(jalon_json INTERFACE)
add_library(jalon_simdjson INTERFACE)
add_library(jalon_asio INTERFACE)

foreach(part IN ITEMS jalon json simdjson asio)
  string(REGEX REPLACE "^(json|simdjson|asio)$" "jalon_\\1" target ${part})
  add_library(jalon::${part} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${part})
endforeach()

target_compile_features(jalon INTERFACE cxx_std_20)
target_include_directories(
  jalon INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
target_link_libraries(jalon_json INTERFACE jalon nlohmann_json::nlohmann_json)
target_link_libraries(jalon_simdjson INTERFACE jalon_json simdjson::simdjson)
target_compile_definitions(jalon_simdjson INTERFACE JALON_SIMDJSON)
target_link_libraries(jalon_asio INTERFACE jalon Asio::Asio)

jalon_add_compiled("${PROJECT_SOURCE_DIR}/include/jalon/impl")
