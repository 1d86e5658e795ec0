// The same with jalon::compiled: a function that is not in any header is found in the library.
#ifndef JALON_COMPILED
#error "the headers are to declare, and the library to define"
#endif
#include "uses_jalon.cpp"
