// The toolkit under its short name, so that #include <jalon.hpp> means the same with this folder
// on the include path as with the generated single header.
#pragma once

#include "jalon/jalon.hpp"
