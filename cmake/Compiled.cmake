# jalon_add_compiled(SOURCE): the target jalon::compiled, the toolkit as a static library.
#
# It is built in the project that links it, with the flags of that project, and only if it is linked.
function(jalon_add_compiled source)
  if(TARGET jalon_compiled)
    return()
  endif()
  add_library(jalon_compiled STATIC EXCLUDE_FROM_ALL "${source}")
  add_library(jalon::compiled ALIAS jalon_compiled)
  target_link_libraries(jalon_compiled PUBLIC jalon::jalon)
  target_compile_definitions(jalon_compiled PUBLIC JALON_COMPILED)
endfunction()
