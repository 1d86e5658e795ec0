// All of the toolkit's JSON in one include. It needs nlohmann/json, which is header-only.
#pragma once

#include "json_lines.hpp"
#include "json_message.hpp"
#include "json_reader.hpp"
#include "json_text.hpp"
#include "json_view.hpp"
#include "message.hpp"
