// Temporary folders.
#include "folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <vector>

#include <jalon/error.hpp>

namespace check {

namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "jalon-check-";

// Locks a folder of this user, see flock(2). @return nothing if it is gone or has an owner
jalon::unique_fd locked(const std::string& path) {
  jalon::unique_fd folder{
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  struct stat what {};
  if (!folder || ::fstat(folder.get(), &what) != 0 || what.st_uid != ::geteuid()) return {};
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) return {};
  // Another process may have removed it before it was locked.
  if (::fstat(folder.get(), &what) != 0 || what.st_nlink == 0) return {};
  return folder;
}

// A program may have taken the rights to its own folders away.
void remove_with_content(const std::string& path) {
  std::error_code ignored;
  fs::remove_all(path, ignored);
  if (!ignored) return;
  ::chmod(path.c_str(), S_IRWXU);
  for (auto at = fs::recursive_directory_iterator(path, ignored);
       at != fs::recursive_directory_iterator(); at.increment(ignored)) {
    if (at->is_directory(ignored) && !at->is_symlink(ignored))
      fs::permissions(at->path(), fs::perms::owner_all, ignored);
  }
  fs::remove_all(path, ignored);
}

std::vector<std::string> temporary_folders() {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(fs::temp_directory_path(), ignored)) {
    if (entry.path().filename().string().starts_with(prefix)) found.push_back(entry.path());
  }
  return found;
}

}  // namespace

temporary_folder::temporary_folder() {
  while (!make()) {
  }
}

temporary_folder::~temporary_folder() { remove_with_content(path_); }

// @return false if another process took the new folder for an orphan before it was locked
bool temporary_folder::make() {
  path_ = (fs::temp_directory_path() / (std::string(prefix) + "XXXXXX")).string();
  if (::mkdtemp(path_.data()) == nullptr) jalon::throw_system_error(errno, "mkdtemp", path_);
  lock_ = locked(path_);
  return static_cast<bool>(lock_);
}

void remove_orphaned_folders() {
  for (const auto& path : temporary_folders()) {
    if (const auto lock = locked(path)) remove_with_content(path);
  }
}

}  // namespace check
