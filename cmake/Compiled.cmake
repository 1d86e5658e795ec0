# jalon_add_compiled(FOLDER): the target jalon::compiled, the toolkit as a static library. FOLDER is where the
# sources of impl/ are.
#
# It is built in the project that links it, with the flags of that project, and only if it is linked. The
# default reader of JSON is in it if nlohmann/json is found.
function(jalon_add_compiled folder)
  if(TARGET jalon_compiled)
    return()
  endif()
  add_library(jalon_compiled STATIC EXCLUDE_FROM_ALL "${folder}/jalon.cpp")
  add_library(jalon::compiled ALIAS jalon_compiled)
  target_link_libraries(jalon_compiled PUBLIC jalon::jalon)
  target_compile_definitions(jalon_compiled PUBLIC JALON_COMPILED)
  # Asked at the end, for a project may add nlohmann/json after Jalon.
  set(has_json "$<TARGET_EXISTS:nlohmann_json::nlohmann_json>")
  target_sources(jalon_compiled PRIVATE "$<${has_json}:${folder}/json.cpp>")
  target_link_libraries(jalon_compiled PRIVATE "$<${has_json}:nlohmann_json::nlohmann_json>")
endfunction()
