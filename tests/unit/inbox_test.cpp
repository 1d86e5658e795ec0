// Where files of others go, how they are checked, and what is said of them on the way.
#include "04-files/transfer/inbox.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>

#include "04-files/transfer/file_hasher.hpp"
#include "04-files/transfer/progress_meter.hpp"
#include "catch.hpp"
#include "program/sha256.hpp"
#include "support/files.hpp"
#include "support/loops.hpp"
#include "support/other_user.hpp"
#include "support/resources.hpp"
#include "support/thrown.hpp"

namespace {

using support::hash_of;
using support::read_file;
using support::write_file;
using transfer::inbox;

transfer::offered_content content_of(const std::string& bytes,
                                     const std::string& sender = "alice") {
  return {hash_of(bytes), bytes.size(), sender};
}

// Gathers @p bytes in @p box and keeps them as @p name. @return the name in the inbox
std::string keep(const inbox& box, const std::string& bytes, const std::string& name) {
  const auto partial = box.open_partial(content_of(bytes));
  write_file(partial.path, bytes);
  const auto kept = box.keep(partial, name);
  discard(partial);
  return kept.filename().string();
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
  const auto partial = box.open_partial(content_of("content"));
  CHECK(partial.path.parent_path() == home / "inbox.partial");
}

TEST_CASE("a content is gone on with, and forgotten on demand") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  write_file(box.open_partial(content_of("content")).path, "cont");
  {
    const auto again = box.open_partial(content_of("content"));
    CHECK(again.size == 4);
    transfer::discard(again);
  }
  CHECK_FALSE(exists(home / "inbox.partial"));
  CHECK(box.open_partial(content_of("content")).size == 0);
}

TEST_CASE("a partial file that is larger than the whole is begun again") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  write_file(box.open_partial(content_of("content")).path, "more than that");
  CHECK(box.open_partial(content_of("content")).size == 0);
}

TEST_CASE("a content that another program gathers is not gathered a second time") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto theirs = box.open_partial(content_of("content"));
  CHECK(support::thrown_by([&] { box.open_partial(content_of("content")); }));
  CHECK_FALSE(support::thrown_by([&] { box.open_partial(content_of("other")); }));
}

TEST_CASE("a link in the place of a partial file is not followed") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto path = box.open_partial(content_of("content")).path;
  write_file(home / "diary.txt", "dear diary");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(home / "diary.txt", path);
  CHECK(support::thrown_by([&] { box.open_partial(content_of("content")); }));
  CHECK(read_file(home / "diary.txt") == "dear diary");
}

TEST_CASE("what one user began is not gone on with for another user") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  write_file(box.open_partial(content_of("content", "mallory")).path, "bad");
  CHECK(box.open_partial(content_of("content", "alice")).size == 0);
  CHECK(box.open_partial(content_of("content", "mallory")).size == 3);
}

TEST_CASE("a second link to a partial file is not written through") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto path = box.open_partial(content_of("content")).path;
  std::filesystem::remove(path);
  write_file(home / "diary.txt", "dear diary");
  std::filesystem::create_hard_link(home / "diary.txt", path);
  CHECK(box.open_partial(content_of("content")).size == 0);
  write_file(path, "content");
  CHECK(read_file(home / "diary.txt") == "dear diary");
}

TEST_CASE("a file whose keeping broke off in the middle can be received again") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto begun = [&] {
    const auto partial = box.open_partial(content_of("content"));
    write_file(partial.path, "content");
    box.keep(partial, "notes.txt");  // its partial name is not removed
  };
  begun();
  CHECK(keep(box, "content", "notes.txt") == "notes (1).txt");
  CHECK(read_file(home / "inbox/notes.txt") == "content");
  CHECK(files_in(home / "") == 1);
}

TEST_CASE("a FIFO in the place of a partial file is refused, and does not hold anybody up") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto path = box.open_partial(content_of("content")).path;
  std::filesystem::remove(path);
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(support::thrown_by([&] { box.open_partial(content_of("content")); }));
}

TEST_CASE("nobody else can look or write into the folder of partial files") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto folder = home / "inbox.partial";
  using std::filesystem::perms;
  SECTION("a new one") { box.open_partial(content_of("content")); }
  SECTION("one that was there") {
    std::filesystem::create_directory(folder);
    std::filesystem::permissions(folder, perms::all);
    box.open_partial(content_of("content"));
  }
  CHECK(std::filesystem::status(folder).permissions() == perms::owner_all);
}

TEST_CASE("a link in the place of the folder of partial files is not followed") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  std::filesystem::create_directory(home / "elsewhere");
  std::filesystem::create_directory_symlink(home / "elsewhere", home / "inbox.partial");
  CHECK(support::thrown_by([&] { box.open_partial(content_of("content")); }));
  CHECK(std::filesystem::is_empty(home / "elsewhere"));
}

TEST_CASE("the oldest attempts are given up for new ones, but not what is being received") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto in_use = box.open_partial(content_of("in use"));
  using std::filesystem::last_write_time;
  const auto long_ago = last_write_time(in_use.path) - std::chrono::hours(3);
  last_write_time(in_use.path, long_ago);
  const auto oldest = box.open_partial(content_of("oldest")).path;
  last_write_time(oldest, long_ago + std::chrono::hours(1));
  std::size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    box.open_partial(content_of(std::to_string(i)));
    most = std::max(most, files_in(home / "inbox.partial"));
  }
  CHECK(most == transfer::partial_folder::most_files);
  CHECK(exists(in_use.path));
  CHECK_FALSE(exists(oldest));
}

TEST_CASE(
    "the user's own files in a folder of the name of partial files stay, and so does its mode") {
  const support::temporary_folder home;
  const inbox box(home / "inbox");
  const auto folder = home / "inbox.partial";
  std::filesystem::create_directory(folder);
  const auto hash = hash_of("");
  for (const auto& name :
       {std::string("notes.txt"), hash, hash + "-1", hash + "-1-", hash + "--ann", hash + "-x-ann",
        hash.substr(1) + "-1-ann", "x" + hash + "-1-ann"}) {
    write_file(folder / name, "mine");
  }
  const auto own = files_in(folder);
  using std::filesystem::perms;
  const auto mode = perms::owner_all | perms::group_read | perms::group_exec;
  std::filesystem::permissions(folder, mode);
  for (int i = 0; i < 100; ++i) box.open_partial(content_of(std::to_string(i)));
  CHECK(files_in(folder) == own + transfer::partial_folder::most_files);
  CHECK(read_file(folder / "notes.txt") == "mine");
  CHECK(std::filesystem::status(folder).permissions() == mode);
}

// Calls of a file system with so much free space.
transfer::inbox_calls with_space(std::uint64_t bytes) {
  transfer::inbox_calls calls;
  calls.space = [bytes](int, struct statvfs* status) {
    status->f_frsize = 1;
    status->f_bavail = bytes;
    return 0;
  };
  return calls;
}

TEST_CASE("a file for which there is no space is not begun") {
  const support::temporary_folder home;
  const inbox box(home / "inbox", with_space(10));
  const auto opens = [&](std::uint64_t size, std::uint64_t promised) {
    return !support::thrown_by([&] { box.open_partial({hash_of(""), size, "alice"}, promised); });
  };
  CHECK(opens(10, 0));
  CHECK(opens(7, 3));
  std::filesystem::remove_all(home / "inbox.partial");
  CHECK_FALSE(opens(11, 0));
  CHECK_FALSE(opens(8, 3));
  CHECK_FALSE(opens(1, 11));
  CHECK_FALSE(opens(std::uint64_t{1} << 62U, 0));
  CHECK_FALSE(exists(home / "inbox.partial"));
}

// ---- Keeping ----

TEST_CASE("a file is kept on file systems without hard links, and overwrites nothing") {
  const support::temporary_folder home;
  const int missing = GENERATE(EPERM, EOPNOTSUPP, ENOSYS);
  const bool has_move = GENERATE(true, false);
  CAPTURE(missing, has_move);
  const auto is_missing = [missing](int, const char*, int, const char*) {
    errno = missing;
    return -1;
  };
  transfer::inbox_calls calls;
  calls.link = is_missing;
  if (!has_move) calls.move = is_missing;
  const inbox box(home / "inbox", calls);
  CHECK(keep(box, "one", "notes.txt") == "notes.txt");
  CHECK(keep(box, "two", "notes.txt") == "notes (1).txt");
  CHECK(read_file(home / "inbox/notes.txt") == "one");
  CHECK(read_file(home / "inbox/notes (1).txt") == "two");
  CHECK(files_in(home / "") == 1);
}

TEST_CASE("a file that can't be given a name stays for another try, and leaves no name behind") {
  const support::temporary_folder home;
  const auto fails = [](int, const char*, int, const char*) {
    errno = EPERM;
    return -1;
  };
  transfer::inbox_calls calls;
  calls.link = calls.move = calls.replace = fails;
  const inbox box(home / "inbox", calls);
  const auto thrown = support::thrown_by([&] { keep(box, "content", "notes.txt"); });
  REQUIRE(thrown);
  CHECK(thrown->code() == std::errc::operation_not_permitted);
  CHECK(std::filesystem::is_empty(home / "inbox"));
  CHECK(box.open_partial(content_of("content")).size == 7);
}

TEST_CASE("a file is on the disk before it has a name, and its name before it is kept") {
  const support::temporary_folder home;
  std::string story;
  transfer::inbox_calls calls;
  calls.sync = [&](int file) {
    struct stat status {};
    ::fstat(file, &status);
    story += S_ISDIR(status.st_mode) ? "sync folder, " : "sync file, ";
    return 0;
  };
  calls.link = [&, link = calls.link](int from, const char* name, int to, const char* new_name) {
    story += "link, ";
    return link(from, name, to, new_name);
  };
  keep(inbox(home / "inbox", calls), "content", "notes.txt");
  CHECK(story == "sync file, link, sync folder, ");
}

TEST_CASE("a file that does not get to the disk is not kept") {
  const support::temporary_folder home;
  transfer::inbox_calls calls;
  calls.sync = [](int) {
    errno = EIO;
    return -1;
  };
  const inbox box(home / "inbox", calls);
  CHECK(support::thrown_by([&] { keep(box, "content", "notes.txt"); }));
  CHECK(std::filesystem::is_empty(home / "inbox"));
}

TEST_CASE("a file whose name does not get to the disk is not kept, and is whole for the next try") {
  const support::temporary_folder home;
  transfer::inbox_calls calls;
  calls.sync = [](int file) {
    struct stat status {};
    ::fstat(file, &status);
    errno = EIO;
    return S_ISDIR(status.st_mode) ? -1 : 0;
  };
  const bool has_link = GENERATE(true, false);
  if (!has_link)
    calls.link = [](int, const char*, int, const char*) {
      errno = EOPNOTSUPP;
      return -1;
    };
  const inbox box(home / "inbox", calls);
  CHECK(support::thrown_by([&] { keep(box, "content", "notes.txt"); }));
  CHECK(std::filesystem::is_empty(home / "inbox"));
  CHECK(box.open_partial(content_of("content")).size == 7);
}

TEST_CASE("a file that takes the place of the one that was checked is not kept") {
  const support::temporary_folder home;
  std::filesystem::path path;
  const auto swap = [&] {
    write_file(home / "evil.sh", "evil");
    std::filesystem::rename(home / "evil.sh", path);
  };
  transfer::inbox_calls calls;
  const bool late = GENERATE(false, true);
  calls.link = [&, link = calls.link](int from, const char* name, int to, const char* new_name) {
    if (late) swap();
    return link(from, name, to, new_name);
  };
  const inbox box(home / "inbox", calls);
  const auto partial = box.open_partial(content_of("content"));
  path = partial.path;
  write_file(path, "content");
  if (!late) swap();
  CHECK(support::thrown_by([&] { box.keep(partial, "notes.txt"); }));
  CHECK(std::filesystem::is_empty(home / "inbox"));
}

TEST_CASE("an inbox where this user may make no file is an error before anything is received") {
  const support::temporary_folder home;
  std::filesystem::permissions(home / "", std::filesystem::perms::all);
  std::filesystem::create_directory(home / "inbox");
  // Root may do everything, so another user tries: read and search, but not write.
  const int status = support::exit_status_as_other_user([&] {
    const auto thrown =
        support::thrown_by([&] { inbox(home / "inbox").open_partial(content_of("content")); });
    return thrown && thrown->code() == std::errc::permission_denied ? 0 : 1;
  });
  if (status == support::not_permitted) return;  // not root: nobody else to be
  CHECK(status == 0);
}

TEST_CASE("a folder of partial files that is another user's is not used, not even by root") {
  if (::geteuid() != 0) return;  // only root may give a folder away, or write into such a one
  const support::temporary_folder home;
  std::filesystem::create_directory(home / "inbox.partial");
  REQUIRE(::chown((home / "inbox.partial").c_str(), support::nobody, support::nobody) == 0);
  const auto thrown =
      support::thrown_by([&] { inbox(home / "inbox").open_partial(content_of("content")); });
  REQUIRE(thrown);
  CHECK(thrown->code() == std::errc::operation_not_permitted);
  CHECK(std::filesystem::is_empty(home / "inbox.partial"));
}

TEST_CASE("an inbox that can't be made is an error, before anything is received") {
  const support::temporary_folder home;
  write_file(home / "file", "");
  const auto thrown = support::thrown_by([&] { inbox(home / "file/inbox").open_partial({}); });
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
