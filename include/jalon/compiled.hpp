// Chooses whether the toolkit's longer functions are compiled in every file that includes them, or
// once.
//
// A header has the documentation, and the bodies that fit into a line or a few. All other bodies
// are in the file of the same name in impl/. Those of templates are always included from there.
//
// By default the toolkit is header-only. A program of many files builds faster if the functions in
// impl/ are compiled once:
//
//     with CMake             link jalon::compiled instead of jalon::jalon
//     without CMake          compile all files with -DJALON_COMPILED, and add one source file with
//                                #define JALON_SOURCE
//                                #include <jalon.hpp>
//                            which also includes <jalon/json.hpp> if the program reads JSON
#pragma once

#if !defined(JALON_COMPILED)
#define JALON_BODIES  // impl/ is included
#define JALON_INLINE inline
#elif defined(JALON_SOURCE)
#define JALON_BODIES
#define JALON_INLINE
#define JALON_EXTERN
#else
#define JALON_EXTERN extern
#endif
