// Includes the toolkit after headers that define macros with names of everyday words. If the
// toolkit uses such a word as a name, this file does not compile. It is compiled, not run.
//
// min and max are not here: g++'s own standard headers do not compile where they are macros.

// The libraries that the toolkit's headers include answer for their own names.
#include <nlohmann/json.hpp>
#ifdef JALON_SIMDJSON
#include <simdjson.h>
#endif
#ifdef WITH_ASIO
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#endif

#include <sys/param.h>
#include <sys/sysmacros.h>

// Readline's package brings curses.h and term.h: hundreds of words, `lines` and `tab` among them.
#if __has_include(<term.h>)
#include <curses.h>
#include <term.h>
#endif
#if __has_include(<X11/Xutil.h>)
#include <X11/Xutil.h>
#endif

// What is seldom installed. The values are no C++, so a name that is used is an error anywhere.

// Qt: qobjectdefs.h, qtmetamacros.h, qforeach.h, without QT_NO_KEYWORDS
#define signals @signals
#define slots @slots
#define emit @emit
#define foreach(variable, container) @foreach
#define forever @forever

// Apple: AssertMacros.h
#define check(assertion) @check
#define check_string(assertion, message) @check_string
#define require(assertion, label) @require
#define verify(assertion) @verify

// X11: X.h, Xlib.h
#undef Always
#undef Bool
#undef False
#undef None
#undef Status
#undef Success
#undef True
#define Always @Always
#define Bool @Bool
#define False @False
#define None @None
#define Status @Status
#define Success @Success
#define True @True

// Windows, as Cygwin has them too: windef.h, rpc.h, winnt.h
#define far @far
#define interface @interface
#define near @near
#define small @small
#define DELETE @DELETE
#define ERROR @ERROR
#define IN @IN
#define OUT @OUT

// g++ and clang++ with -std=gnu++20
#undef linux
#undef unix
#define linux @linux
#define unix @unix

#include <jalon.hpp>
#include <jalon/json.hpp>
#ifdef WITH_ASIO
#include <jalon/asio_loop.hpp>
#endif
