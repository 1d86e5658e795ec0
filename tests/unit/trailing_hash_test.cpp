// The hash that follows a file while it is being written.
#include "04-files/transfer/trailing_hash.hpp"

#include <chrono>
#include <future>
#include <string>
#include <string_view>

#include "catch.hpp"
#include "support/files.hpp"
#include "support/resources.hpp"

namespace {

using program::sha256;
using support::hash_of;
using transfer::file_digest;
using transfer::trailing_hash;

// A file that grows, and the hash behind it.
class growing_file {
 public:
  explicit growing_file(std::string_view begin = {}) { write(begin); }

  int fd() const { return file_.get(); }

  void write(std::string_view bytes) {
    REQUIRE(::write(fd(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    size += bytes.size();
  }

  std::uint64_t size = 0;

 private:
  support::temporary_folder home_;
  jalon::unique_fd file_ = support::open_file(home_ / "file", O_RDWR);
};

}  // namespace

TEST_CASE("a file that grows piece by piece has the hash of the whole") {
  const auto piece_size = GENERATE(std::size_t{1'000}, std::size_t{65'536}, std::size_t{3 << 20});
  CAPTURE(piece_size);
  const std::string bytes = support::some_bytes((5 << 20) + 1);
  growing_file file;
  trailing_hash hash{file_digest(file.fd())};
  for (std::size_t at = 0; at < bytes.size(); at += piece_size) {
    file.write(std::string_view(bytes).substr(at, piece_size));
    hash.advance(file.size);
  }
  std::error_code unreadable;
  CHECK(hash.finish(unreadable) == hash_of(bytes));
  CHECK_FALSE(unreadable);
}

TEST_CASE("the hash goes on where another has ended") {
  growing_file file("first, ");
  sha256 begun;
  begun.update("first, ");
  trailing_hash hash(file_digest(file.fd(), file.size, std::move(begun)));
  file.write("second");
  hash.advance(file.size);
  std::error_code unreadable;
  CHECK(hash.finish(unreadable) == hash_of("first, second"));
}

TEST_CASE("a file to which nothing comes has its hash too") {
  growing_file file;
  trailing_hash hash{file_digest(file.fd())};
  std::error_code unreadable;
  CHECK(hash.finish(unreadable) == hash_of(""));
}

TEST_CASE("a file that cannot be read again is told of, and its writer is not held up") {
  growing_file file("short");
  trailing_hash hash{file_digest(file.fd())};
  for (std::uint64_t more = 1; more < 10; ++more) hash.advance(more << 20);
  std::error_code unreadable;
  hash.finish(unreadable);
  CHECK(unreadable == std::errc::io_error);
}

TEST_CASE("at the end it tells, once everything is hashed") {
  const std::string bytes = support::some_bytes(5 << 20);
  growing_file file(bytes);
  trailing_hash hash{file_digest(file.fd())};
  hash.advance(file.size);
  std::promise<void> all_hashed;
  std::string found;
  hash.end([&](const std::string& hash_of_all, std::error_code) {
    found = hash_of_all;
    all_hashed.set_value();
  });
  REQUIRE(all_hashed.get_future().wait_for(std::chrono::seconds(60)) == std::future_status::ready);
  CHECK(found == hash_of(bytes));
  std::error_code unreadable;
  CHECK(hash.finish(unreadable) == hash_of(bytes));
}

TEST_CASE("a hash that nobody waits for any more ends with its owner") {
  growing_file file(support::some_bytes(1 << 20));
  trailing_hash hash{file_digest(file.fd())};
  hash.advance(file.size);
}
