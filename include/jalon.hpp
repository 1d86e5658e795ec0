// The name that coursework includes: the toolkit in one header, without JSON and Asio.
#pragma once

#include "jalon/jalon.hpp"
