// Errors: what they say, and calls that a signal interrupts.
#include <jalon/error.hpp>

#include "catch.hpp"
#include "support/thrown.hpp"

namespace {

std::string reason(int error) { return std::system_category().message(error); }

TEST_CASE("a failed call is thrown with its name, what it was called on, and the reason") {
  const auto error =
      support::thrown_by([] { jalon::throw_system_error(EACCES, "bind", "127.0.0.1:80"); });
  REQUIRE(error);
  CHECK(error->what() == "bind 127.0.0.1:80: " + reason(EACCES));
  CHECK(error->code() == std::errc::permission_denied);
}

TEST_CASE("a failed call on nothing in particular is thrown with its name and the reason") {
  const auto error = support::thrown_by([] { jalon::throw_system_error(EMFILE, "socket"); });
  REQUIRE(error);
  CHECK(error->what() == "socket: " + reason(EMFILE));
}

TEST_CASE("check passes a result on, and throws what errno says of -1") {
  CHECK(jalon::check_call(7, "open") == 7);
  CHECK(jalon::check_call(0, "open") == 0);

  errno = ENOENT;
  const auto error = support::thrown_by([] { jalon::check_call(-1, "open", "notes.txt"); });
  REQUIRE(error);
  CHECK(error->what() == "open notes.txt: " + reason(ENOENT));
}

TEST_CASE("a call that a signal interrupts is made again, one that fails is not") {
  int calls = 0;
  const auto interrupted_twice = [&] {
    errno = EINTR;
    return ++calls < 3 ? -1 : 42;
  };
  CHECK(jalon::uninterrupted(interrupted_twice) == 42);
  CHECK(calls == 3);

  calls = 0;
  const auto broken = [&] {
    ++calls;
    errno = EPIPE;
    return -1;
  };
  CHECK(jalon::uninterrupted(broken) == -1);
  CHECK(calls == 1);
  CHECK(errno == EPIPE);
}

TEST_CASE("the errors of frames are error codes of a category of their own") {
  const std::error_code too_long = jalon::frame_error::too_long;
  const std::error_code truncated = jalon::frame_error::truncated;
  CHECK(too_long == jalon::frame_error::too_long);
  CHECK(too_long != truncated);
  CHECK(too_long);
  CHECK(std::string(too_long.category().name()) == "frame");
  CHECK(too_long.message() == "frame too long");
  CHECK(truncated.message() == "frame cut short");
}

}  // namespace
