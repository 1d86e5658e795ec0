// Where received files are stored: unfinished files beside the inbox, complete and checked files in
// it. Chapter: tutorial/04-files.
//
//     inbox/notes.txt                     complete and checked; never overwritten
//     inbox/notes (1).txt                 the next file of that name
//     inbox.partial/SHA256-SIZE           not complete; continued when it is offered again
#pragma once

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include <jalon/error.hpp>
#include <jalon/unique_fd.hpp>

namespace transfer {

/// A file that is not complete yet.
struct partial_file {
  jalon::unique_fd file;       ///< open for reading and writing
  std::filesystem::path path;  ///< outside the inbox
  std::uint64_t size = 0;      ///< bytes received in earlier attempts
};

/// The folder of received files.
class inbox {
 public:
  /// @param folder created when the first file comes
  explicit inbox(std::filesystem::path folder)
      : folder_(std::move(folder)), partial_folder_(beside(folder_)) {}

  /// Opens the partial file of a content, or creates it.
  /// @throws std::system_error, also if another program is receiving the same content
  partial_file open_partial(const std::string& sha256, std::uint64_t whole_size) const {
    make_folders();
    const auto path = partial_folder_ / (sha256 + "-" + std::to_string(whole_size));
    jalon::unique_fd file{jalon::check_call(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666), "open", path)};
    // Each program hashes only what it has received itself, so two must not write into one file.
    jalon::check_call(::flock(file.get(), LOCK_EX | LOCK_NB), "lock", path);
    struct stat status {};
    jalon::check_call(::fstat(file.get(), &status), "fstat", path);
    auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > whole_size) {  // not written by this program
      jalon::check_call(::ftruncate(file.get(), 0), "ftruncate", path);
      size = 0;
    }
    return {std::move(file), path, size};
  }

  /// Moves a complete file into the inbox, under its name or the next free one. @return its path
  /// @throws std::system_error
  std::filesystem::path keep(const std::filesystem::path& partial, std::string_view name) const {
    std::filesystem::create_directories(folder_);  // it may have been removed meanwhile
    for (unsigned number = 0;; ++number) {
      auto target = folder_ / numbered(name, number);
      // Unlike rename(2), link(2) never replaces an existing file.
      if (::link(partial.c_str(), target.c_str()) == 0) {
        discard(partial);
        return target;
      }
      if (errno != EEXIST) jalon::throw_system_error(errno, "link", target);
    }
  }

  /// Removes a partial file, and its folder if it is the last file there.
  static void discard(const std::filesystem::path& partial) {
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    std::filesystem::remove(partial.parent_path(), ignored);  // fails if it is not empty
  }

 private:
  // `inbox.partial`, also for `inbox/`; and `/home/ann.partial` for `.` in `/home/ann`.
  static std::filesystem::path beside(const std::filesystem::path& folder) {
    auto whole = std::filesystem::absolute(folder).lexically_normal();
    if (!whole.has_filename()) whole = whole.parent_path();
    return whole += ".partial";
  }

  // Creates both folders, and checks that they are on one device: link(2) cannot link across two.
  void make_folders() const {
    std::filesystem::create_directories(folder_);
    std::filesystem::create_directories(partial_folder_);
    if (device_of(folder_) != device_of(partial_folder_))
      jalon::throw_system_error(EXDEV, "link", folder_);
  }

  static dev_t device_of(const std::filesystem::path& path) {
    struct stat status {};
    jalon::check_call(::stat(path.c_str(), &status), "stat", path);
    return status.st_dev;
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

  static constexpr std::size_t most_bytes = 255;  // NAME_MAX

  std::filesystem::path folder_;
  std::filesystem::path partial_folder_;
};

}  // namespace transfer
