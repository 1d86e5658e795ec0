/* An echo server in C for many clients: one thread, poll, and two buffers for each client.
 * It is right in everything; the bugs of the zoo are put into it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { most_clients = 300, line_size = 4096, output_size = 65536 };

struct client {
  int fd; /* -1: a free place */
  struct sockaddr_in address;
  size_t input_size;
  char input[line_size];
  size_t output_size;
  char output[output_size];
  int ends; /* no more will be read */
};

static struct client clients[most_clients];
static struct pollfd watched[most_clients + 1];
static int accepting = 1;

static void remember_nothing(int number) { (void)number; }

static int open_listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1 || listen(fd, 128) == -1) {
    perror("listen");
    exit(1);
  }
  return fd;
}

static void leave(struct client *who) {
  close(who->fd);
  who->fd = -1;
  accepting = 1; /* there is a descriptor again */
}

static void enter(int listener) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  int fd = accept4(listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK);
  if (fd == -1) {
    if (errno == EMFILE || errno == ENFILE) accepting = 0;
    return;
  }
  for (int n = 0; n < most_clients; n++) {
    struct client *who = &clients[n];
    if (who->fd != -1) continue;
    memset(who, 0, sizeof *who);
    who->fd = fd;
    who->address = address;
    return;
  }
  close(fd); /* no place is left */
}

static void flush(struct client *who) {
  ssize_t sent = send(who->fd, who->output, who->output_size, MSG_NOSIGNAL);
  if (sent == -1) {
    if (errno != EAGAIN && errno != EINTR) leave(who);
    return;
  }
  who->output_size -= (size_t)sent;
  memmove(who->output, who->output + sent, who->output_size);
}

static void answer(struct client *who, const char *line, size_t size) {
  if (size == 6 && memcmp(line, "/quit\n", 6) == 0) {
    who->ends = 1;
    who->input_size = 0;
    return;
  }
  memcpy(who->output + who->output_size, line, size);
  who->output_size += size;
}

/* Answers the whole lines of the input, for as long as there is room for the answers. */
static void answer_lines(struct client *who) {
  size_t done = 0;
  char *end;
  while (!who->ends && who->output_size + line_size <= output_size &&
         (end = memchr(who->input + done, '\n', who->input_size - done))) {
    size_t size = (size_t)(end + 1 - (who->input + done));
    answer(who, who->input + done, size);
    done += size;
  }
  if (who->ends) return;
  who->input_size -= done;
  memmove(who->input, who->input + done, who->input_size);
  if (who->input_size == line_size) who->ends = 1; /* too long a line */
}

static void hear(struct client *who) {
  ssize_t got = recv(who->fd, who->input + who->input_size, line_size - who->input_size, 0);
  if (got == -1) {
    if (errno != EAGAIN && errno != EINTR) leave(who);
    return;
  }
  if (got == 0) {
    if (who->input_size > 0) {
      who->input[who->input_size++] = '\n'; /* the last line, without its end */
      answer_lines(who);
    }
    who->ends = 1;
    return;
  }
  who->input_size += (size_t)got;
  answer_lines(who);
}

static void serve(struct client *who, short ready) {
  if (ready & (POLLIN | POLLHUP | POLLERR) && !who->ends) hear(who);
  if (who->fd != -1 && who->output_size > 0) flush(who);
  if (who->fd != -1 && !who->ends) answer_lines(who);
  if (who->fd != -1 && who->ends && (who->output_size == 0 || ready & POLLERR)) leave(who);
}

/* The listener stands first, client n at n + 1. @return how many are watched */
static nfds_t watch_all(int listener) {
  nfds_t used = 1;
  watched[0].fd = accepting ? listener : -1;
  watched[0].events = POLLIN;
  for (int n = 0; n < most_clients; n++) {
    int has_room = clients[n].output_size + line_size <= output_size;
    struct pollfd *one = &watched[n + 1];
    one->fd = clients[n].fd;
    one->events = 0;
    one->revents = 0;
    if (!clients[n].ends && has_room) one->events |= POLLIN;
    if (clients[n].output_size > 0) one->events |= POLLOUT;
    if (one->fd != -1) used = (nfds_t)n + 2;
  }
  return used;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  struct sigaction action = {.sa_handler = remember_nothing};
  sigaction(SIGUSR1, &action, NULL);
  for (int n = 0; n < most_clients; n++) clients[n].fd = -1;
  int listener = open_listener(atoi(argv[1]));
  for (;;) {
    nfds_t used = watch_all(listener);
    if (poll(watched, used, -1) == -1) {
      if (errno == EINTR) continue;
      perror("poll");
      return 1;
    }
    for (nfds_t n = 1; n < used; n++) {
      if (watched[n].revents) serve(&clients[n - 1], watched[n].revents);
    }
    if (watched[0].revents) enter(listener);
  }
}
