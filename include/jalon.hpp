// The header for coursework: includes the toolkit, without JSON and Asio.
#pragma once

#include "jalon/jalon.hpp"
