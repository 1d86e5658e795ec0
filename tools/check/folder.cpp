// Temporary folders, and the copy of the user's files in them.
#include "folder.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include <jalon/error.hpp>

#include "isolation.hpp"

namespace check {

namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "jalon-check-";

bool is_own(uid_t owner) {
  return owner == ::geteuid() || (::geteuid() == 0 && is_user_of_program(owner));
}

// Locks a folder of this user or of a program, see flock(2). @return nothing if it is gone or has
// an owner
jalon::unique_fd locked(const std::string& path) {
  jalon::unique_fd folder{
      ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  struct stat what {};
  if (!folder || ::fstat(folder.get(), &what) != 0 || !is_own(what.st_uid)) return {};
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

// The number of files and folders, and their bytes.
struct amount {
  std::size_t files = 0;
  std::uintmax_t bytes = 0;

  bool fits() const {
    return files <= folder_content::max_files && bytes <= folder_content::max_bytes;
  }
};

// Adds a file or a folder; nothing if that is neither, or one of its files.
std::optional<amount> with(amount sum, const fs::directory_entry& entry) {
  std::error_code error;
  const bool is_file = entry.is_regular_file(error);
  if (entry.is_symlink(error) || (!is_file && !entry.is_directory(error))) return std::nullopt;
  ++sum.files;
  if (is_file) sum.bytes += entry.file_size(error);
  if (error) return std::nullopt;
  return sum;
}

// The sum with an entry and all that is in it; nothing if that is not to be copied.
std::optional<amount> with_all_of(amount sum, const fs::directory_entry& entry) {
  auto added = with(sum, entry);
  std::error_code error;
  if (!added || !added->fits() || !entry.is_directory(error)) return added;
  for (auto at = fs::recursive_directory_iterator(entry, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    added = with(*added, *at);
    if (!added || !added->fits()) return std::nullopt;
  }
  return error ? std::nullopt : added;
}

bool is_left_out(const std::string& name) {
  static constexpr std::array<std::string_view, 3> repositories{".git", ".hg", ".svn"};
  return name.starts_with(prefix) ||
         std::find(repositories.begin(), repositories.end(), name) != repositories.end();
}

// The entries of a folder, files first. @return nothing if there are too many
std::optional<std::vector<fs::directory_entry>> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
       at.increment(error)) {
    if (is_left_out(at->path().filename().string())) continue;
    if (entries.size() == folder_content::max_entries) return std::nullopt;
    entries.push_back(*at);
  }
  const auto order = [](const fs::directory_entry& entry) {
    std::error_code ignored;
    return std::pair(entry.is_directory(ignored), entry.path());
  };
  std::sort(entries.begin(), entries.end(),
            [&](const auto& a, const auto& b) { return order(a) < order(b); });
  return entries;
}

}  // namespace

folder_content list_of_content(const fs::path& folder) {
  folder_content content{fs::absolute(folder), {}, {}, false};
  const auto entries = entries_of(folder);
  content.too_many = !entries;
  if (!entries) return content;
  amount sum;
  for (const auto& entry : *entries) {
    const auto added = with_all_of(sum, entry);
    const bool is_copied = added && added->fits();
    if (is_copied) sum = *added;
    (is_copied ? content.copied : content.linked).push_back(entry.path().filename().string());
  }
  return content;
}

void fill_folder(const folder_content& content, const fs::path& to) {
  std::error_code error;
  std::vector<std::string> linked = content.linked;
  for (const auto& name : content.copied) {
    fs::copy(content.from / name, to / name,
             fs::copy_options::recursive | fs::copy_options::copy_symlinks, error);
    if (!error) continue;
    remove_with_content((to / name).string());
    linked.push_back(name);
  }
  for (const auto& name : linked) fs::create_symlink(content.from / name, to / name, error);
}

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
