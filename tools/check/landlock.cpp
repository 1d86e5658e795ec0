// Landlock, by its system calls: the C library has no functions for them.
#include "landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include <jalon/unique_fd.hpp>

namespace check {

namespace {

constexpr std::uint64_t access_truncate = 1ULL << 14;  // newer than some system's header

long landlock_version() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

constexpr std::uint64_t every_write =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM;

// The kinds of writing that a version of Landlock knows.
std::uint64_t writes_of(long version) {
  std::uint64_t known = every_write;
  if (version >= 2) known |= LANDLOCK_ACCESS_FS_REFER;
  if (version >= 3) known |= access_truncate;
  return known;
}

// A path that does not exist needs no rule.
bool allow(int rules, const std::string& path, std::uint64_t access) {
  const jalon::unique_fd place{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  struct stat what {};
  if (!place || ::fstat(place.get(), &what) != 0) return true;
  if (!S_ISDIR(what.st_mode)) access &= LANDLOCK_ACCESS_FS_WRITE_FILE | access_truncate;
  const landlock_path_beneath_attr rule{access, place.get()};
  return ::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

}  // namespace

bool has_landlock() { return landlock_version() > 0; }

bool write_only_below(const std::vector<std::string>& paths) {
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = writes_of(landlock_version());
  const jalon::unique_fd rules{static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &handled, sizeof handled.handled_access_fs, 0))};
  if (!rules) return false;
  for (const auto& path : paths) {
    if (!allow(rules.get(), path, handled.handled_access_fs)) return false;
  }
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_landlock_restrict_self, rules.get(), 0) == 0;
}

}  // namespace check
