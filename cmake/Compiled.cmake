# jalon_add_compiled(FOLDER): the target jalon::compiled, the toolkit as a static library. FOLDER is where the
# sources of impl/ are.
#
# It is built in the project that links it, with the flags of that project, and only if it is linked. The
# default reader of JSON is in it where nlohmann/json is there.
function(jalon_add_compiled folder)
  if(TARGET jalon_compiled)
    return()
  endif()
  add_library(jalon_compiled STATIC EXCLUDE_FROM_ALL "${folder}/jalon.cpp")
  add_library(jalon::compiled ALIAS jalon_compiled)
  target_link_libraries(jalon_compiled PUBLIC jalon::jalon)
  target_compile_definitions(jalon_compiled PUBLIC JALON_COMPILED)
  if(TARGET nlohmann_json::nlohmann_json)
    target_sources(jalon_compiled PRIVATE "${folder}/json.cpp")
    target_link_libraries(jalon_compiled PRIVATE nlohmann_json::nlohmann_json)
  endif()
endfunction()
