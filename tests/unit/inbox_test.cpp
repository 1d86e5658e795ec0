// Where files of others go, how they are checked, and what is said of them on the way.
#include "04-files/transfer/inbox.hpp"

#include <chrono>
#include <string>

#include "04-files/transfer/file_hasher.hpp"
#include "04-files/transfer/progress_meter.hpp"
#include "catch.hpp"
#include "program/sha256.hpp"
#include "support/files.hpp"
#include "support/loops.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

namespace {

using support::hash_of;
using support::read_file;
using support::write_file;
using transfer::inbox;

// Gathers @p bytes in @p box and keeps them as @p name. @return the name in the inbox
std::string keep(const inbox& box, const std::string& bytes, const std::string& name) {
  const auto partial = box.open_partial(hash_of(bytes), bytes.size());
  write_file(partial.path, bytes);
  return box.keep(partial.path, name).filename().string();
}

std::size_t files_in(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator all(folder), end;
  return static_cast<std::size_t>(std::distance(all, end));
}

}  // namespace

TEST_CASE("a file that is kept has its name and its content, and leaves nothing beside it") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  CHECK(keep(box, "content", "notes.txt") == "notes.txt");
  CHECK(read_file(home / "inbox/notes.txt") == "content");
  CHECK(files_in(home / "") == 1);
}

TEST_CASE("no file is overwritten: the next one of its name gets a number") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  CHECK(keep(box, "one", "notes.txt") == "notes.txt");
  CHECK(keep(box, "two", "notes.txt") == "notes (1).txt");
  CHECK(keep(box, "three", "notes.txt") == "notes (2).txt");
  CHECK(read_file(home / "inbox/notes.txt") == "one");
  CHECK(read_file(home / "inbox/notes (1).txt") == "two");
}

TEST_CASE("a number stands before the extension, if there is one") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto [name, next] = GENERATE(table<std::string, std::string>({
      {"notes", "notes (1)"},
      {"a.tar.gz", "a.tar (1).gz"},
      {".profile", ".profile (1)"},
      {"ends with a dot.", "ends with a dot (1)."},
      {"a.no extension is as long as this one", "a.no extension is as long as this one (1)"},
  }));
  CHECK(keep(box, "one", name) == name);
  CHECK(keep(box, "two", name) == next);
}

TEST_CASE("a long name gives way to its number, at a whole character") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  std::string name;
  while (name.size() < 250) name += "é";
  name += "e.txt";
  REQUIRE(name.size() == 255);
  CHECK(keep(box, "one", name) == name);
  const std::string next = keep(box, "two", name);
  CHECK(next.ends_with("é (1).txt"));
  CHECK(next.size() <= 255);
}

TEST_CASE("what is not whole yet lies beside the inbox, however that is spelt") {
  const support::temporary_folder home;
  const std::string spelling = GENERATE("inbox", "inbox/", "inbox/.", "inbox/../inbox", "inbox//");
  CAPTURE(spelling);
  const inbox box(home / spelling);
  const auto partial = box.open_partial(hash_of("content"), 7);
  CHECK(partial.path.parent_path() == home / "inbox.partial");
}

TEST_CASE("a content is gone on with, and forgotten on demand") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto path = box.open_partial(hash_of("content"), 7).path;
  write_file(path, "cont");
  CHECK(box.open_partial(hash_of("content"), 7).size == 4);
  inbox::discard(path);
  CHECK_FALSE(exists(home / "inbox.partial"));
  CHECK(box.open_partial(hash_of("content"), 7).size == 0);
}

TEST_CASE("a partial file that is larger than the whole is begun again") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  write_file(box.open_partial(hash_of("content"), 7).path, "more than that");
  CHECK(box.open_partial(hash_of("content"), 7).size == 0);
}

TEST_CASE("a content that another program gathers is not gathered a second time") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto theirs = box.open_partial(hash_of("content"), 7);
  CHECK(support::thrown_by([&] { box.open_partial(hash_of("content"), 7); }));
  CHECK_FALSE(support::thrown_by([&] { box.open_partial(hash_of("other"), 5); }));
}

TEST_CASE("a link in the place of a partial file is not followed") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto path = box.open_partial(hash_of("content"), 7).path;
  write_file(home / "diary.txt", "dear diary");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(home / "diary.txt", path);
  CHECK(support::thrown_by([&] { box.open_partial(hash_of("content"), 7); }));
  CHECK(read_file(home / "diary.txt") == "dear diary");
}

TEST_CASE("an inbox that can't be made is an error, before anything is received") {
  const support::temporary_folder home;
  write_file(home / "file", "");
  const auto thrown = support::thrown_by([&] { inbox(home / "file/inbox").open_partial("", 0); });
  REQUIRE(thrown);
  CHECK(thrown->code() == std::errc::not_a_directory);
}

// ---- Hashes ----

TEST_CASE("SHA-256 is that of the standard, whatever pieces the bytes come in") {
  CHECK(hash_of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  program::sha256 in_pieces;
  for (const char byte : std::string("abc")) in_pieces.update({&byte, 1});
  CHECK(in_pieces.finish() == hash_of("abc"));
}

TEST_CASE("secrets are equal if all of them is") {
  CHECK(program::same_secret("secret", "secret"));
  CHECK_FALSE(program::same_secret("secret", "secreT"));
  CHECK_FALSE(program::same_secret("secret", "secre"));
  CHECK_FALSE(program::same_secret("secret", ""));
}

TEST_CASE("a file is hashed between the turns of the loop, a part of it in each") {
  const support::temporary_folder home;
  const std::string bytes = support::some_bytes(5 << 20);
  write_file(home / "long.bin", bytes);
  const auto file = support::open_file(home / "long.bin");
  support::on_poll on;
  std::string hash;
  int turns = 0;
  const transfer::file_hasher hasher(on.loop, file.get(), bytes.size(),
                                     [&](program::sha256 done, std::error_code error) {
                                       CHECK_FALSE(error);
                                       hash = done.finish();
                                     });
  while (hash.empty() && turns < 100) support::run_turns(on, 1), ++turns;
  CHECK(hash == hash_of(bytes));
  CHECK(turns > 1);
}

TEST_CASE("only so many bytes are hashed as were asked for, and the hash can be gone on with") {
  const support::temporary_folder home;
  write_file(home / "file", "first, second");
  const auto file = support::open_file(home / "file");
  support::on_poll on;
  std::string hash;
  const transfer::file_hasher hasher(on.loop, file.get(), 6,
                                     [&](program::sha256 done, std::error_code) {
                                       done.update(" and then");
                                       hash = done.finish();
                                     });
  REQUIRE(support::run_until(on, [&] { return !hash.empty(); }));
  CHECK(hash == hash_of("first, and then"));
}

TEST_CASE("a file that has become shorter than it was is an error") {
  const support::temporary_folder home;
  write_file(home / "file", "short");
  const auto file = support::open_file(home / "file");
  support::on_poll on;
  std::error_code told;
  const transfer::file_hasher hasher(on.loop, file.get(), 6,
                                     [&](program::sha256, std::error_code error) { told = error; });
  CHECK(support::run_until(on, [&] { return bool(told); }));
}

TEST_CASE("a hasher that is destroyed calls nobody any more") {
  const support::temporary_folder home;
  write_file(home / "file", "content");
  const auto file = support::open_file(home / "file");
  support::on_poll on;
  {
    const transfer::file_hasher hasher(
        on.loop, file.get(), 7, [](program::sha256, std::error_code) { FAIL("it was called"); });
  }
  support::run_turns(on, 3);
}

// ---- What is said on the way ----

TEST_CASE("sizes are said as people say them") {
  const auto [bytes, text] = GENERATE(table<std::uint64_t, std::string>({
      {0, "0 B"},
      {999, "999 B"},
      {1'000, "1.0 kB"},
      {1'234'567, "1.2 MB"},
      {999'949, "999.9 kB"},
      {999'950, "1.0 MB"},
      {std::uint64_t{1} << 30U, "1.1 GB"},
      {std::uint64_t{1} << 63U, "9.2 EB"},
  }));
  CHECK(transfer::to_size(bytes) == text);
}

TEST_CASE("a meter tells how far a file is, how fast it moves, and when it will be there") {
  using std::chrono::milliseconds;
  const jalon::steady_time start{std::chrono::hours(1)};
  transfer::progress_meter meter("notes.txt");
  CHECK(meter.tell(0, 4'000'000, start) == "notes.txt: 0 % of 4.0 MB");
  CHECK(meter.tell(1'000'000, 4'000'000, start + milliseconds(500)) ==
        "notes.txt: 25 % of 4.0 MB, 2.0 MB/s, 2 s left");
  CHECK(meter.tell(4'000'000, 4'000'000, start + milliseconds(2'000)) ==
        "notes.txt: 100 % of 4.0 MB, 2.0 MB/s, 0 s left");
}

TEST_CASE("a meter tells nothing ten times in a second's tenth") {
  const jalon::steady_time start{std::chrono::hours(1)};
  transfer::progress_meter meter("notes.txt");
  CHECK(meter.tell(1, 10, start));
  CHECK_FALSE(meter.tell(2, 10, start + std::chrono::milliseconds(99)));
  CHECK(meter.tell(3, 10, start + std::chrono::milliseconds(100)));
}

TEST_CASE("what was there before is no work of this time") {
  const jalon::steady_time start{std::chrono::hours(1)};
  transfer::progress_meter meter("notes.txt");
  meter.tell(5'000'000, 10'000'000, start);
  CHECK(meter.tell(6'000'000, 10'000'000, start + std::chrono::seconds(1)) ==
        "notes.txt: 60 % of 10.0 MB, 1.0 MB/s, 4 s left");
}

TEST_CASE("a file of no bytes is all there") {
  transfer::progress_meter meter("empty");
  CHECK(meter.tell(0, 0, jalon::steady_time{}) == "empty: 100 % of 0 B");
}
