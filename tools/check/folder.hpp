// The folders in which graded programs run: temporary ones, which do not outlive their owner, with
// a copy of the user's files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <jalon/unique_fd.hpp>

namespace check {

/// A new, empty folder among the system's temporary files. The destructor removes it with all that
/// is in it. The owner holds a lock on it, which the system releases when the process is killed;
/// `remove_orphaned_folders` recognizes the folder by that.
class temporary_folder {
 public:
  /// @throws std::system_error
  temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder();

  const std::string& path() const noexcept { return path_; }

 private:
  bool make();

  std::string path_;
  jalon::unique_fd lock_;
};

/// What a program finds in its working directory: the content of a folder of the user. Each check
/// has its own copy, so that no check finds what another has left. A copy is bounded.
struct folder_content {
  static constexpr std::size_t max_files = 64;           ///< files and folders that are copied
  static constexpr std::uintmax_t max_bytes = 8U << 20;  ///< of all that is copied
  static constexpr std::size_t max_entries = 1000;       ///< of the folder itself

  std::filesystem::path from;
  std::vector<std::string> copied;  ///< names of files and whole subfolders in it
  std::vector<std::string>
      linked;             ///< those beyond the bound: symbolic links lead to the originals
  bool too_many = false;  ///< it has too many entries; none is copied or linked
};

/// Chooses what is copied of a folder: its files first, in the order of their names. Repositories
/// of git and the like are left out.
folder_content list_of_content(const std::filesystem::path& folder);

/// Copies and links the content into the folder @p to. What cannot be copied is linked.
void fill_folder(const folder_content& content, const std::filesystem::path& to);

/// Removes the temporary folders of this user whose owners were killed.
void remove_orphaned_folders();

}  // namespace check
