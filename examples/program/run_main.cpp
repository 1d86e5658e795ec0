// Exceptions become lines and statuses here, and nowhere else.
#include "run_main.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <exception>
#include <iostream>

#include <jalon/printable.hpp>

namespace program {

namespace {

// A program that is started without one of the three would give its number to the first socket
// that it opens, and then read it as a keyboard or write its log there.
void open_standard_descriptors() {
  while (true) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
    if (fd > STDERR_FILENO || fd == -1) return;
  }
}

int give_up(const std::exception& reason, int status) {
  std::cerr << jalon::printable(reason.what()) << '\n';
  return status;
}

}  // namespace

std::string server_name() { return "jalon " + std::string(version); }

// Every exception is caught, a programmer's mistake too: otherwise no destructor might run, and
// the one of the console gives the terminal back.
int run_main(const std::function<int()>& program) try {
  open_standard_descriptors();
  return program();
} catch (const text_request& asked) {
  std::cout << asked.what() << std::flush;
  return 0;
} catch (const usage_error& wrong) {
  return give_up(wrong, 2);
} catch (const std::exception& failure) {
  return give_up(failure, 1);
}

}  // namespace program
