// Finds a section of the built-in page.
#include "explanation.hpp"

#include <sstream>
#include <stdexcept>

#include "common/resources.hpp"
#include "common/text.hpp"

namespace check {

std::string explanation_of(const std::string& cause) {
  std::istringstream page{std::string(*tools::resource("docs/causes.md"))};
  std::string section;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ") || line.starts_with("### ")) inside = line == "### " + cause;
    const bool is_for_tests = line.starts_with("<!-- ");
    if (inside && !is_for_tests) section += line + "\n";
  }
  if (section.empty())
    throw std::runtime_error("no cause is called " + tools::visible(cause) +
                             "; a report names its causes as docs/causes.md#NAME");
  return section;
}

}  // namespace check
