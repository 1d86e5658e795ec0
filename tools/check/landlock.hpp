// Where the processes of a build may write, see landlock(7).
#pragma once

#include <string>
#include <vector>

namespace check {

/// Whether this kernel has Landlock (Linux 5.13 and newer, unless it is switched off).
bool has_landlock();

/// From now on this process and all that it starts may write, create and remove only below these
/// folders and to these files. Files that are open already stay open. Not restricted: reading, and
/// the mode, owner and times of a file. @return whether the kernel has agreed
bool write_only_below(const std::vector<std::string>& paths);

}  // namespace check
