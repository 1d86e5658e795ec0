// Where files are while they are being received: one file for each content and sender, in a folder
// of this user alone. Nobody else can write there, so that what was checked is what will be kept.
// Chapter: tutorial/04-files.
//
//     inbox.partial/SHA256-SIZE-NICK      not complete; continued when NICK offers it again
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <jalon/error.hpp>
#include <jalon/unique_fd.hpp>

namespace transfer {

/// A content that a user offers.
struct offered_content {
  std::string sha256;      ///< 64 hex digits
  std::uint64_t size = 0;  ///< of the whole file, in bytes
  std::string sender;      ///< a nick, in lower case
};

/// A file that is not complete yet. It is locked, so that no other program writes into it.
struct partial_file {
  jalon::unique_fd file;       ///< open for reading and writing
  jalon::unique_fd folder;     ///< where it is
  std::filesystem::path path;  ///< the same place by name
  std::uint64_t size = 0;      ///< bytes received in earlier attempts

  /// Its name in the folder.
  std::string name() const { return path.filename().string(); }
};

namespace detail {

inline struct stat status_of(int fd, const std::string& path) {
  struct stat status {};
  jalon::check_call(::fstat(fd, &status), "fstat", path);
  return status;
}

// Whether @p name in @p folder is the file that @p fd is open on, and no link to it.
inline bool is_named(int fd, int folder, const std::string& name) {
  struct stat open {};
  struct stat named {};
  return ::fstat(fd, &open) == 0 &&
         ::fstatat(folder, name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         open.st_dev == named.st_dev && open.st_ino == named.st_ino;
}

// Whether @p name has the form of a partial file's, SHA256-SIZE-NICK. Files of other names are the
// user's own.
inline bool is_partial_name(const std::string& name) {
  constexpr std::size_t hash_digits = 64;
  if (name.find_first_not_of("0123456789abcdef") != hash_digits || name[hash_digits] != '-')
    return false;
  const auto size_end = name.find_first_not_of("0123456789", hash_digits + 1);
  return size_end != std::string::npos && size_end > hash_digits + 1 && name[size_end] == '-' &&
         size_end + 1 < name.size();
}

// Whether nothing in the folder at @p path is the user's own.
inline bool has_only_partial_files(const std::filesystem::path& path) {
  const std::filesystem::directory_iterator all(path);
  return std::all_of(begin(all), end(all), [](const auto& entry) {
    return is_partial_name(entry.path().filename().string());
  });
}

inline jalon::unique_fd open_folder(const std::filesystem::path& path, int more_flags = 0) {
  return jalon::unique_fd{jalon::check_call(
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags), "open", path)};
}

}  // namespace detail

/// Removes the name of a partial file, if it still means this file.
inline void forget_name(const partial_file& gone) {
  if (detail::is_named(gone.file.get(), gone.folder.get(), gone.name()))
    ::unlinkat(gone.folder.get(), gone.name().c_str(), 0);
}

/// Removes a partial file, if its name still means this file, and its folder if it was the last
/// one.
inline void discard(const partial_file& gone) {
  forget_name(gone);
  ::rmdir(gone.path.parent_path().c_str());  // fails if it is not empty
}

/// Removes a partial file into which nothing has come.
inline void discard_if_empty(const partial_file& file) {
  struct stat status {};
  if (::fstat(file.file.get(), &status) == 0 && status.st_size == 0) discard(file);
}

/// The folder of partial files. If the user keeps files of their own in a folder of this name,
/// these stay, and so does its mode.
class partial_folder {
 public:
  /// How many files it keeps. The oldest is removed for a new one, so that attempts that are never
  /// continued do not pile up.
  static constexpr std::size_t most_files = 64;

  /// @param path created when the first file comes; the folder that it is in exists by then
  explicit partial_folder(std::filesystem::path path) : path_(std::move(path)) {}

  /// Opens the partial file of a content, or creates it.
  /// @throws std::system_error, also if another program is receiving the same content, or if
  /// somebody else may write into the file
  partial_file open_file(const offered_content& content) const {
    partial_file opened;
    opened.folder = open_folder();
    opened.path =
        path_ / (content.sha256 + '-' + std::to_string(content.size) + '-' + content.sender);
    remove_oldest_for(opened);
    opened.file = open_or_create(opened);
    if (has_other_name(opened)) {
      forget_name(opened);
      opened.file = open_or_create(opened);
    }
    opened.size = size_of(opened);
    if (opened.size > content.size) {  // not written by this program
      jalon::check_call(::ftruncate(opened.file.get(), 0), "ftruncate", opened.path);
      opened.size = 0;
    }
    return opened;
  }

 private:
  // Makes sure that nobody else may write there. A file system without permissions (exFAT) may
  // refuse to change them, which does no harm if the others could only read.
  jalon::unique_fd open_folder() const {
    if (::mkdir(path_.c_str(), 0700) == -1 && errno != EEXIST)
      jalon::throw_system_error(errno, "mkdir", path_);
    auto folder = detail::open_folder(path_, O_NOFOLLOW);
    if (detail::status_of(folder.get(), path_).st_uid == ::geteuid() &&
        detail::has_only_partial_files(path_))
      ::fchmod(folder.get(), 0700);
    const auto status = detail::status_of(folder.get(), path_);
    if (status.st_uid != ::geteuid() || (status.st_mode & others_may_write) != 0)
      refuse(path_, "is not a folder of this user alone");
    return folder;
  }

  static jalon::unique_fd open_or_create(const partial_file& wanted) {
    constexpr int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    jalon::unique_fd file{jalon::check_call(
        ::openat(wanted.folder.get(), wanted.name().c_str(), flags, 0666), "open", wanted.path)};
    // Each program hashes only what it has received itself, so two must not write into one file.
    jalon::check_call(::flock(file.get(), LOCK_EX | LOCK_NB), "lock", wanted.path);
    return file;
  }

  // A second link would be a file that is written through this one. It may be the kept file: then
  // the program, or the machine, ended between the two steps of keeping it.
  static bool has_other_name(const partial_file& opened) {
    const auto status = detail::status_of(opened.file.get(), opened.path);
    return S_ISREG(status.st_mode) && status.st_nlink != 1 && status.st_uid == ::geteuid();
  }

  static std::uint64_t size_of(const partial_file& opened) {
    const auto status = detail::status_of(opened.file.get(), opened.path);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1 || status.st_uid != ::geteuid())
      refuse(opened.path, "is not a file of this user alone");
    return static_cast<std::uint64_t>(status.st_size);
  }

  void remove_oldest_for(const partial_file& wanted) const {
    if (::faccessat(wanted.folder.get(), wanted.name().c_str(), F_OK, 0) == 0) return;
    std::vector<std::pair<std::filesystem::file_time_type, std::string>> files;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      const auto name = entry.path().filename().string();
      if (!detail::is_partial_name(name)) continue;
      std::error_code unknown;  // then it counts as the oldest
      files.emplace_back(entry.last_write_time(unknown), name);
    }
    std::sort(files.begin(), files.end());
    auto count = files.size();
    for (auto oldest = files.begin(); oldest != files.end() && count >= most_files; ++oldest) {
      if (remove_unless_in_use(wanted.folder.get(), oldest->second)) --count;
    }
  }

  static bool remove_unless_in_use(int folder, const std::string& name) {
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const jalon::unique_fd file{::openat(folder, name.c_str(), flags)};
    if (file && ::flock(file.get(), LOCK_EX | LOCK_NB) == -1) return false;
    return ::unlinkat(folder, name.c_str(), 0) == 0;
  }

  [[noreturn]] static void refuse(const std::filesystem::path& path, const char* why) {
    throw std::system_error(EPERM, std::system_category(), path.string() + ' ' + why);
  }

  static constexpr mode_t others_may_write = S_IWGRP | S_IWOTH;

  std::filesystem::path path_;
};

}  // namespace transfer
