# The toolkit as CMake targets: jalon::jalon, jalon::json, jalon::asio, jalon::compiled.
#
# The first three are INTERFACE targets that always exist; what json and asio need is looked for quietly,
# so that a missing library is an error only where it is used.
include(Compiled)

# Shows an imported target to the whole project: with add_subdirectory(jalon), who links jalon::json
# stands in a directory above this one.
function(jalon_share target)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
endfunction()

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
add_library(jalon_asio INTERFACE)

foreach(part IN ITEMS jalon json asio)
  string(REGEX REPLACE "^(json|asio)$" "jalon_\\1" target ${part})
  add_library(jalon::${part} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${part})
endforeach()

target_compile_features(jalon INTERFACE cxx_std_20)
target_include_directories(
  jalon INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
target_link_libraries(jalon_json INTERFACE jalon simdjson::simdjson)
target_link_libraries(jalon_asio INTERFACE jalon Asio::Asio)

jalon_add_compiled("${PROJECT_SOURCE_DIR}/include/jalon/impl/jalon.cpp")
