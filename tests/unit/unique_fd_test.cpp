// The owner of a descriptor: closed once, by whoever owns it last.
#include <jalon/unique_fd.hpp>

#include "catch.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

using jalon::unique_fd;
using support::is_open;

namespace {

unique_fd some_fd() { return unique_fd{::open("/dev/null", O_RDONLY)}; }

TEST_CASE("a descriptor is closed when its owner goes out of scope") {
  int number = -1;
  {
    const unique_fd owner = some_fd();
    number = owner.get();
    REQUIRE(owner);
    REQUIRE(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("an owner of nothing is false, and its end closes nothing") {
  const std::size_t before = support::open_descriptors();
  {
    const unique_fd nothing;
    CHECK_FALSE(nothing);
    CHECK(nothing.get() == -1);
  }
  CHECK(support::open_descriptors() == before);
}

TEST_CASE("moved, a descriptor stays open and has one owner") {
  unique_fd first = some_fd();
  const int number = first.get();

  unique_fd second(std::move(first));
  CHECK(second.get() == number);
  CHECK(first.get() == -1);  // NOLINT(bugprone-use-after-move): that it is empty is the point

  SECTION("assigned to an owner, it replaces what that had, which is closed") {
    unique_fd third = some_fd();
    const int replaced = third.get();
    third = std::move(second);
    CHECK(third.get() == number);
    CHECK(is_open(number));
    CHECK_FALSE(is_open(replaced));
  }
  SECTION("assigned to itself, it stays") {
    unique_fd& same = second;  // NOLINT(bugprone-use-after-move): in another section, it was
    second = std::move(same);
    CHECK(second.get() == number);
    CHECK(is_open(number));
  }
}

TEST_CASE("released, a descriptor is the caller's to close") {
  unique_fd owner = some_fd();
  const int number = owner.release();
  CHECK_FALSE(owner);
  CHECK(is_open(number));
  ::close(number);
}

TEST_CASE("reset closes what was owned, but not what is owned again") {
  unique_fd owner = some_fd();
  const int number = owner.get();
  owner.reset(number);
  CHECK(is_open(number));
  owner.reset();
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a pipe's ends are joined, do not block, and are kept from other programs") {
  const auto ends = jalon::make_pipe();
  for (const int fd : {ends.read.get(), ends.write.get()}) {
    CHECK((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
  }
  char byte = 'a';
  CHECK(::read(ends.read.get(), &byte, 1) == -1);
  REQUIRE(::write(ends.write.get(), "z", 1) == 1);
  REQUIRE(::read(ends.read.get(), &byte, 1) == 1);
  CHECK(byte == 'z');
}

TEST_CASE("flags of a descriptor that is not open are an error that names the call") {
  const auto close_on_exec = support::thrown_by([] { jalon::set_close_on_exec(-1); });
  const auto non_blocking = support::thrown_by([] { jalon::set_non_blocking(-1); });
  REQUIRE(close_on_exec);
  REQUIRE(non_blocking);
  CHECK(close_on_exec->code() == std::errc::bad_file_descriptor);
  CHECK(std::string(non_blocking->what()).starts_with("fcntl: "));
}

}  // namespace
