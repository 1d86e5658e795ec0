/* An echo client in C: poll for keyboard and server, and a buffer for what can't be sent yet.
 * It is right in everything; the bugs of the zoo are put into it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { line_size = 65536, output_size = 2 * line_size };

static char line[line_size]; /* being typed */
static size_t line_length;
static char output[output_size]; /* typed, and not yet sent */
static size_t output_length;
static int typing = 1; /* until /quit, or the end of the input */

static void remember_nothing(int number) { (void)number; }

static int connect_to(const char *host, const char *port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  int server = -1;
  int error = getaddrinfo(host, port, &hints, &found);
  if (error != 0) {
    fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
    exit(1);
  }
  for (struct addrinfo *each = found; each != NULL && server == -1; each = each->ai_next) {
    server = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    if (server != -1 && connect(server, each->ai_addr, each->ai_addrlen) == -1) {
      close(server);
      server = -1;
    }
  }
  freeaddrinfo(found);
  return server;
}

/* Returns 0 when the connection is broken. */
static int flush_output(int server) {
  ssize_t sent = send(server, output, output_length, MSG_NOSIGNAL);
  if (sent == -1) return errno == EAGAIN || errno == EINTR;
  output_length -= (size_t)sent;
  memmove(output, output + sent, output_length);
  return 1;
}

static void take_line(void) {
  if (line_length == 6 && memcmp(line, "/quit\n", 6) == 0) {
    typing = 0;
  } else {
    memcpy(output + output_length, line, line_length);
    output_length += line_length;
  }
  line_length = 0;
}

/* No more is read than there is room for in the output, whatever is typed. */
static void read_keyboard(void) {
  char bytes[4096];
  ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    typing = 0;
    return;
  }
  for (ssize_t n = 0; n < got && typing; n++) {
    line[line_length++] = bytes[n];
    if (bytes[n] == '\n' || line_length == line_size) take_line();
  }
}

static void show(const char *bytes, size_t size) {
  fwrite(bytes, 1, size, stdout);
  fflush(stdout);
}

/* Returns 0 when the server has gone. */
static int read_server(int server) {
  char bytes[4096];
  ssize_t got = recv(server, bytes, sizeof bytes, 0);
  if (got == -1) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return 0;
  show(bytes, (size_t)got);
  return 1;
}

int main(int argc, char **argv) {
  int server, there = 1, said_all = 0;
  struct sigaction on_resize = {.sa_handler = remember_nothing};
  if (argc != 3) {
    fprintf(stderr, "usage: client HOST PORT\n");
    return 2;
  }
  sigaction(SIGWINCH, &on_resize, NULL);
  server = connect_to(argv[1], argv[2]);
  if (server == -1) {
    perror("connect");
    return 1;
  }
  fcntl(server, F_SETFL, O_NONBLOCK);
  while (there) {
    int keyboard = typing && output_length == 0 ? STDIN_FILENO : -1;
    struct pollfd watched[2] = {{.fd = keyboard, .events = POLLIN},
                                {.fd = server, .events = POLLIN}};
    if (output_length > 0) watched[1].events |= POLLOUT;
    if (poll(watched, 2, -1) == -1) {
      if (errno == EINTR) continue;
      perror("poll");
      return 1;
    }
    if (watched[0].revents != 0) read_keyboard();
    if (watched[1].revents & POLLOUT) there = flush_output(server);
    if (there && watched[1].revents & ~POLLOUT) there = read_server(server);
    if (!typing && output_length == 0 && !said_all) {
      shutdown(server, SHUT_WR);
      said_all = 1;
    }
  }
  close(server);
  if (said_all) return 0;
  fprintf(stderr, "the server has gone\n");
  return 1;
}
