/* A chat client in the style of the course: a header structure and poll, milestones 1 to 3.
 * It is right in everything; the bugs of the zoo are put into it. */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INFOS_LEN 128
#define NICK_LEN 128
#define MAX_PAYLOAD 65536
#define OUTPUT_SIZE (4 * MAX_PAYLOAD)

enum msg_type {
  NICKNAME_NEW, NICKNAME_LIST, NICKNAME_INFOS, ECHO_SEND, UNICAST_SEND, BROADCAST_SEND,
  MULTICAST_CREATE, MULTICAST_LIST, MULTICAST_JOIN, MULTICAST_SEND, MULTICAST_QUIT,
  FILE_REQUEST, FILE_ACCEPT, FILE_REJECT, FILE_SEND, FILE_ACK
};

static const char *const shown_before[] = {
  "", "", "", "[echo] : ", "", "(to all) ", "", "", "", "(in the channel) ", "", "", "", "", "", ""
};

struct message {
  int pld_len;
  char nick_sender[NICK_LEN];
  enum msg_type type;
  char infos[INFOS_LEN];
};

static int server;
static char nick[NICK_LEN];
static char channel[INFOS_LEN]; /* the one the user is in; empty: none */
static char typed[MAX_PAYLOAD];
static size_t typed_length;
static char input[sizeof(struct message) + MAX_PAYLOAD];
static size_t input_length;
static char output[OUTPUT_SIZE];
static size_t output_length;
static int typing = 1;

/* ---- sending ---- */

static void send_message(enum msg_type type, const char *infos, const char *payload) {
  struct message header;
  size_t size = strlen(payload);
  memset(&header, 0, sizeof header);
  header.pld_len = (int)size;
  header.type = type;
  snprintf(header.nick_sender, NICK_LEN, "%s", nick);
  snprintf(header.infos, INFOS_LEN, "%s", infos);
  memcpy(output + output_length, &header, sizeof header);
  memcpy(output + output_length + sizeof header, payload, size);
  output_length += sizeof header + size;
}

/* Returns 0 when the connection is broken. */
static int flush_output(void) {
  ssize_t sent = send(server, output, output_length, MSG_NOSIGNAL);
  if (sent == -1) return errno == EAGAIN || errno == EINTR;
  output_length -= (size_t)sent;
  memmove(output, output + sent, output_length);
  return 1;
}

/* ---- what is typed ---- */

/* The text behind a command and its blank, or nothing if it is another command. */
static char *behind(char *line, const char *command) {
  size_t size = strlen(command);
  if (strncmp(line, command, size) != 0) return NULL;
  if (line[size] == '\0') return line + size;
  return line[size] == ' ' ? line + size + 1 : NULL;
}

static void obey(char *line) {
  char *rest;
  if ((rest = behind(line, "/nick"))) {
    snprintf(nick, NICK_LEN, "%s", rest);
    send_message(NICKNAME_NEW, rest, "");
  } else if ((rest = behind(line, "/whois"))) {
    send_message(NICKNAME_INFOS, rest, "");
  } else if (behind(line, "/who")) {
    send_message(NICKNAME_LIST, "", "");
  } else if ((rest = behind(line, "/msgall"))) {
    send_message(BROADCAST_SEND, "", rest);
  } else if ((rest = behind(line, "/msg"))) {
    char *text = strchr(rest, ' ');
    if (text == NULL) {
      printf("usage: /msg NICK TEXT\n");
      return;
    }
    *text = '\0';
    send_message(UNICAST_SEND, rest, text + 1);
  } else if ((rest = behind(line, "/create"))) {
    send_message(MULTICAST_CREATE, rest, "");
  } else if (behind(line, "/channel_list")) {
    send_message(MULTICAST_LIST, "", "");
  } else if ((rest = behind(line, "/join"))) {
    send_message(MULTICAST_JOIN, rest, "");
  } else if ((rest = behind(line, "/quit"))) {
    if (*rest == '\0') {
      typing = 0;
    } else {
      send_message(MULTICAST_QUIT, rest, "");
      channel[0] = '\0';
    }
  } else if (line[0] == '/') {
    printf("unknown command\n");
  } else if (channel[0] != '\0') {
    send_message(MULTICAST_SEND, channel, line);
  } else {
    send_message(ECHO_SEND, "", line);
  }
}

/* Line by line, as far as there is room for what comes of it. */
static void obey_typed(void) {
  size_t begin = 0;
  char *end;
  while (typing && output_length < OUTPUT_SIZE / 2 &&
         (end = memchr(typed + begin, '\n', typed_length - begin)) != NULL) {
    *end = '\0';
    obey(typed + begin);
    begin = (size_t)(end - typed) + 1;
  }
  typed_length -= begin;
  memmove(typed, typed + begin, typed_length);
  if (typed_length == sizeof typed) typed_length = 0; /* a line too long to be one */
}

static void read_keyboard(void) {
  ssize_t got = read(STDIN_FILENO, typed + typed_length, sizeof typed - typed_length);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0)
    typing = 0;
  else
    typed_length += (size_t)got;
}

/* ---- what comes ---- */

static void show(const struct message *header, const char *payload) {
  if (header->type == MULTICAST_JOIN && channel[0] == '\0')
    snprintf(channel, INFOS_LEN, "%.*s", INFOS_LEN, header->infos);
  if ((unsigned)header->type >= sizeof shown_before / sizeof *shown_before) return;
  printf("%s[%.*s] : %.*s\n", shown_before[header->type], NICK_LEN, header->nick_sender,
         header->pld_len, payload);
}

/* Shows the messages that are whole. Returns 0 if one can't be. */
static int show_whole(void) {
  size_t begin = 0;
  for (;;) {
    struct message header;
    if (input_length - begin < sizeof header) break;
    memcpy(&header, input + begin, sizeof header);
    if (header.pld_len < 0 || header.pld_len > MAX_PAYLOAD) {
      fprintf(stderr, "a message of an impossible length\n");
      return 0;
    }
    size_t size = sizeof header + (size_t)header.pld_len;
    if (input_length - begin < size) break;
    show(&header, input + begin + sizeof header);
    begin += size;
  }
  input_length -= begin;
  memmove(input, input + begin, input_length);
  return 1;
}

/* Returns 0 when the server has gone. */
static int read_server(void) {
  ssize_t got = recv(server, input + input_length, sizeof input - input_length, 0);
  if (got == -1) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return 0;
  input_length += (size_t)got;
  return show_whole();
}

/* ---- both ---- */

static void connect_to(const char *host, const char *port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  if (getaddrinfo(host, port, &hints, &found) != 0) {
    fprintf(stderr, "no address: %s\n", host);
    exit(1);
  }
  server = socket(found->ai_family, found->ai_socktype, found->ai_protocol);
  if (server == -1 || connect(server, found->ai_addr, found->ai_addrlen) == -1) {
    perror("connect");
    exit(1);
  }
  freeaddrinfo(found);
  fcntl(server, F_SETFL, O_NONBLOCK);
}

int main(int argc, char **argv) {
  int there = 1, said_all = 0;
  if (argc != 3) {
    fprintf(stderr, "usage: client HOST PORT\n");
    return 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0); /* a line is shown when it is whole, through a pipe too */
  connect_to(argv[1], argv[2]);
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
    if (watched[1].revents & POLLOUT) there = flush_output();
    if (there && watched[1].revents & ~POLLOUT) there = read_server();
    obey_typed();
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
