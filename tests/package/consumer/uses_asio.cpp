// Uses the toolkit on Asio's loop: a turn of a loop that has nothing to do ends at once.
#include <asio/io_context.hpp>

#include <jalon/asio_loop.hpp>

int main() {
  asio::io_context context;
  jalon::asio_loop loop(context);
  return context.run() == 0 ? 0 : 1;
}
