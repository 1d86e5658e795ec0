// Whether the toolkit's longer functions are compiled in every file that includes them, or once.
// No function is here.
//
// Unless somebody says otherwise, the toolkit is headers and nothing else. A program of many files
// builds faster if the functions of impl/ are compiled once:
//
//     CMake                  link jalon::compiled instead of jalon::jalon
//     any other way          -DJALON_COMPILED for all files, and one file that says
//                                #define JALON_SOURCE
//                                #include <jalon.hpp>
//                            and, in a program that reads JSON, includes <jalon/json.hpp> too
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
