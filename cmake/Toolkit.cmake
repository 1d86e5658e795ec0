# The toolkit as CMake targets: jalon::jalon, jalon::json, jalon::simdjson, jalon::asio, jalon::compiled.
#
# The first four are INTERFACE targets that always exist; what json, simdjson and asio need is looked for
# quietly, so that a missing library is an error only where it is used. jalon::simdjson is jalon::json
# with another parser: a program links it as a whole or not at all.
#
# A target that is there already, because another part of the project has found Jalon or the library, is
# taken as it is.
include(Compiled)

# jalon_find(TARGET ARGUMENTS...): looks for a library by find_package(ARGUMENTS...), and shows what it brings
# to the whole project: who links jalon::json stands in a directory above this one.
function(jalon_find target)
  if(TARGET ${target})
    return()
  endif()
  find_package(${ARGN} QUIET)
  get_property(found_here DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(found IN ITEMS ${target} Threads::Threads)  # some of them link threads
    if(found IN_LIST found_here)
      set_target_properties(${found} PROPERTIES IMPORTED_GLOBAL TRUE)
    endif()
  endforeach()
endfunction()

jalon_find(nlohmann_json::nlohmann_json nlohmann_json 3.11)
jalon_find(simdjson::simdjson simdjson)
if(JALON_WITH_ASIO)
  jalon_find(Asio::Asio Asio 1.22)
endif()

# jalon_add_part(PART TARGET LIBRARIES...): the target jalon::PART, which links the libraries.
function(jalon_add_part part target)
  if(TARGET jalon::${part})
    return()
  endif()
  add_library(${target} INTERFACE)
  add_library(jalon::${part} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${part})
  target_link_libraries(${target} INTERFACE ${ARGN})
endfunction()

jalon_add_part(jalon jalon)
jalon_add_part(json jalon_json jalon::jalon nlohmann_json::nlohmann_json)
jalon_add_part(simdjson jalon_simdjson jalon::json simdjson::simdjson)
jalon_add_part(asio jalon_asio jalon::jalon Asio::Asio)

if(TARGET jalon)
  target_compile_features(jalon INTERFACE cxx_std_20)
  target_include_directories(
    jalon INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>" "$<INSTALL_INTERFACE:include>")
endif()
if(TARGET jalon_simdjson)
  target_compile_definitions(jalon_simdjson INTERFACE JALON_SIMDJSON)
endif()

jalon_add_compiled("${PROJECT_SOURCE_DIR}/include/jalon/impl")
