// What happens before and after the body of a main function.
#include "run_main.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <iostream>

#include <jalon/printable.hpp>

namespace program {

namespace {

// Descriptors 0 to 2 may be closed when a program starts. The first socket that it opens would then
// get such a number, and the program would read it as its standard input or write its log to it.
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

// Every exception is caught: an uncaught one may end the program without running destructors, and
// the destructor of the console restores the terminal.
int run_main(const std::function<int()>& program) try {
  open_standard_descriptors();
  for (const int failed_write : {SIGPIPE, SIGXFSZ}) ::signal(failed_write, SIG_IGN);
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
