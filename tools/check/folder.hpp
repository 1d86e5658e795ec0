// Temporary folders that do not outlive their owner.
#pragma once

#include <string>

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

/// Removes the temporary folders of this user whose owners were killed.
void remove_orphaned_folders();

}  // namespace check
