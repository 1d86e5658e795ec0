// Where received files are stored: unfinished files beside the inbox, complete and checked files in
// it. Chapter: tutorial/04-files.
//
//     inbox/notes.txt                     complete and checked; never overwritten
//     inbox/notes (1).txt                 the next file of that name
//     inbox.partial/                      not complete, see partial_folder.hpp
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <jalon/error.hpp>
#include <jalon/unique_fd.hpp>

#include "partial_folder.hpp"

namespace transfer {

/// The system calls of the inbox that some file systems do not have, or that fail when a disk does:
/// values, so that a test can have them fail. Each returns -1 and sets `errno` if it fails.
struct inbox_calls {
  /// Names a file in a folder: the descriptor of the old folder, the old name, the new ones.
  using naming_call = std::function<int(int from, const char* name, int to, const char* new_name)>;

  /// Gives a file a second name, never that of another file (link(2)).
  naming_call link = [](int from, const char* name, int to, const char* new_name) {
    return ::linkat(from, name, to, new_name, 0);
  };
  /// Moves a file, never over another one (renameat2(2), RENAME_NOREPLACE).
  naming_call move = [](int from, const char* name, int to, const char* new_name) {
#ifdef RENAME_NOREPLACE
    return ::renameat2(from, name, to, new_name, RENAME_NOREPLACE);
#else
    static_cast<void>(from), static_cast<void>(name), static_cast<void>(to);
    static_cast<void>(new_name);
    errno = ENOSYS;
    return -1;
#endif
  };
  /// Moves a file, and replaces what has the new name (rename(2)).
  naming_call replace = ::renameat;
  /// Waits until a file is on the disk (fsync(2)).
  std::function<int(int file)> sync = ::fsync;
  /// Tells how much space a file system has (fstatvfs(3)).
  std::function<int(int folder, struct statvfs* status)> space = ::fstatvfs;
};

/// The folder of received files.
class inbox {
 public:
  /// @param folder created when the first file comes
  explicit inbox(std::filesystem::path folder, inbox_calls calls = {})
      : folder_(std::move(folder)), partial_(beside(folder_)), calls_(std::move(calls)) {}

  /// Opens the partial file of a content, or creates it, and checks that a file can be made in the
  /// inbox: it is too late to find out when the whole file is here.
  /// @param promised bytes that other files in the folder have yet to receive
  /// @throws std::system_error, also if another program is receiving the same content, or if there
  /// is no space for the rest
  partial_file open_partial(const offered_content& content, std::uint64_t promised = 0) const {
    std::filesystem::create_directories(folder_);
    const auto folder = detail::open_folder(folder_);
    try_to_create(folder.get(), '.' + content.sha256);
    auto partial = partial_.open_file(content);
    try {
      if (device_of(folder.get()) != device_of(partial.folder.get()))  // no file moves between two
        jalon::throw_system_error(EXDEV, "link", folder_);
      check_space(partial, content.size - partial.size, promised);
    } catch (const std::system_error&) {
      discard_if_empty(partial);
      throw;
    }
    return partial;
  }

  /// Moves a complete file into the inbox, under its name or the next free one. When it returns,
  /// the file is there even if the machine loses power (fsync(2)): the sender may be told. It may
  /// still have its partial name, for `discard` to remove. Any thread may call it, since a disk may
  /// take seconds; the other functions change the folder of partial files, and are for one thread.
  /// @return its path
  /// @throws std::system_error
  std::filesystem::path keep(const partial_file& whole, std::string_view name) const {
    jalon::check_call(calls_.sync(whole.file.get()), "fsync", whole.path);
    std::filesystem::create_directories(folder_);  // it may have been removed meanwhile
    const auto folder = detail::open_folder(folder_);
    check_is_checked_file(whole, whole.folder.get(), whole.name());
    const std::string kept = give_free_name(whole, folder.get(), name);
    try {
      check_is_checked_file(whole, folder.get(), kept);
      sync_folder(folder.get());
    } catch (const std::system_error&) {
      take_name_back(whole, folder.get(), kept);
      throw;
    }
    return folder_ / kept;
  }

 private:
  // `inbox.partial`, also for `inbox/`; and `/home/ann.partial` for `.` in `/home/ann`.
  static std::filesystem::path beside(const std::filesystem::path& folder) {
    auto whole = std::filesystem::absolute(folder).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    return whole += ".partial";
  }

  void try_to_create(int folder, const std::string& name) const {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const jalon::unique_fd file{::openat(folder, name.c_str(), flags, 0600)};
    if (file)
      ::unlinkat(folder, name.c_str(), 0);
    else if (errno != EEXIST)
      jalon::throw_system_error(errno, "create a file in", folder_);
  }

  void check_space(const partial_file& partial, std::uint64_t wanted,
                   std::uint64_t promised) const {
    struct statvfs status {};
    jalon::check_call(calls_.space(partial.folder.get(), &status), "statvfs", partial.path);
    const auto free = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
    if (free < promised || free - promised < wanted)
      jalon::throw_system_error(ENOSPC, "write", partial.path);
  }

  static dev_t device_of(int folder) { return detail::status_of(folder, "the folder").st_dev; }

  // What was checked is what @p whole is open on. A name may mean another file by now.
  static void check_is_checked_file(const partial_file& whole, int folder,
                                    const std::string& name) {
    if (!detail::is_named(whole.file.get(), folder, name))
      throw std::system_error(EPERM, std::system_category(),
                              whole.path.string() + " is no longer the file that was checked");
  }

  std::string give_free_name(const partial_file& whole, int folder, std::string_view name) const {
    for (unsigned number = 0; number < most_of_one_name; ++number) {
      std::string wanted = numbered(name, number);
      const int error = give_name(whole, folder, wanted);
      if (error == 0) return wanted;
      if (error != EEXIST) jalon::throw_system_error(error, "create", folder_ / wanted);
    }
    jalon::throw_system_error(EEXIST, "create", folder_ / name);
  }

  // Never replaces an existing file. The way that says so in one call is tried first; exFAT has no
  // links, and old or foreign file systems have no such renameat2(2).
  // @return the number of the error, 0 for none
  int give_name(const partial_file& whole, int folder, const std::string& wanted) const {
    const auto result_of = [&](const inbox_calls::naming_call& call) {
      const std::string old = whole.name();
      return call(whole.folder.get(), old.c_str(), folder, wanted.c_str()) == 0 ? 0 : errno;
    };
    int error = result_of(calls_.link);
    if (is_missing_call(error)) error = result_of(calls_.move);
    if (!is_missing_call(error)) return error;

    // The name is taken by an empty file of our own, which is then replaced.
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    const jalon::unique_fd placeholder{::openat(folder, wanted.c_str(), flags, 0600)};
    if (!placeholder) return errno;
    error = result_of(calls_.replace);
    if (error != 0) ::unlinkat(folder, wanted.c_str(), 0);
    return error;
  }

  // What is reported as not kept must not be in the inbox, and must be whole for the next attempt.
  static void take_name_back(const partial_file& whole, int folder, const std::string& kept) {
    const bool is_moved = detail::is_named(whole.file.get(), folder, kept) &&
                          !detail::is_named(whole.file.get(), whole.folder.get(), whole.name());
    if (is_moved)
      ::renameat(folder, kept.c_str(), whole.folder.get(), whole.name().c_str());
    else
      ::unlinkat(folder, kept.c_str(), 0);
  }

  // Whether a call may have failed because this file system or system does not have it.
  static bool is_missing_call(int error) {
    return error == EPERM || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP ||
           error == EMLINK;
  }

  // EINVAL: this file system cannot sync a folder, fsync(2).
  void sync_folder(int folder) const {
    if (calls_.sync(folder) == -1 && errno != EINVAL)
      jalon::throw_system_error(errno, "fsync", folder_);
  }

  // `notes (1).txt`; the stem is shortened if the name would be too long.
  static std::string numbered(std::string_view name, unsigned number) {
    if (number == 0) return std::string(name);
    const std::string mark = " (" + std::to_string(number) + ")";
    const auto dot = name.rfind('.');
    const bool has_extension = dot != name.npos && dot > 0 && name.size() - dot < 32;
    const std::string_view extension = has_extension ? name.substr(dot) : std::string_view();
    std::string_view stem = name.substr(0, name.size() - extension.size());
    while (stem.size() + mark.size() + extension.size() > most_bytes || is_cut(stem, name))
      stem.remove_suffix(1);
    return std::string(stem) + mark + std::string(extension);
  }

  // Whether @p stem ends in the middle of a UTF-8 character of @p name.
  static bool is_cut(std::string_view stem, std::string_view name) {
    return stem.size() < name.size() &&
           (static_cast<unsigned char>(name[stem.size()]) & 0xC0U) == 0x80;
  }

  static constexpr std::size_t most_bytes = 255;        // NAME_MAX
  static constexpr unsigned most_of_one_name = 10'000;  // files: `notes.txt` to `notes (9999).txt`

  std::filesystem::path folder_;
  partial_folder partial_;
  inbox_calls calls_;
};

}  // namespace transfer
