/* A chat client in the style of the course: a header structure and poll, milestones 1 to 4.
 * One file each way at a time goes straight from client to client.
 * It is right in everything; the bugs of the zoo are put into it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFOS_LEN 128
#define NICK_LEN 128
#define MAX_PAYLOAD 65536
#define OUTPUT_SIZE (4 * MAX_PAYLOAD)
#define CHUNK 16384

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

/* The file that goes out. */
static struct {
  char path[1024];
  char name[INFOS_LEN];
  int fd; /* the connection; -1: none */
  int file;
  char bytes[CHUNK];
  size_t begin, end; /* of what is read and not yet sent */
  struct message answer;
  size_t answer_length;
} going = {.fd = -1, .file = -1};

/* The file that comes in. */
static struct {
  char from[NICK_LEN];
  char name[INFOS_LEN]; /* of one that is offered; empty: none */
  int listener, fd, file;
  struct message head;
  size_t head_length;
  size_t missing; /* bytes of the file */
} coming = {.listener = -1, .fd = -1, .file = -1};

/* ---- sending ---- */

static struct message header_of(enum msg_type type, const char *infos, size_t size) {
  struct message header;
  memset(&header, 0, sizeof header);
  header.pld_len = (int)size;
  header.type = type;
  snprintf(header.nick_sender, NICK_LEN, "%s", nick);
  snprintf(header.infos, INFOS_LEN, "%s", infos);
  return header;
}

static void send_message(enum msg_type type, const char *infos, const char *payload) {
  size_t size = strlen(payload);
  struct message header = header_of(type, infos, size);
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

/* ---- a file that goes out ---- */

static void close_if_open(int *fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

static void end_sending(const char *how) {
  printf("\"%s\" %s\n", going.name, how);
  close_if_open(&going.fd);
  close_if_open(&going.file);
  going.path[0] = '\0';
}

/* NICK "PATH" */
static void offer_file(char *rest) {
  char *path = strchr(rest, ' '), *slash;
  size_t size = path == NULL ? 0 : strlen(path + 1);
  if (size == 0 || size >= sizeof going.path || going.path[0] != '\0') {
    printf(size == 0 ? "usage: /send NICK \"PATH\"\n" : "one file at a time\n");
    return;
  }
  *path++ = '\0';
  if (size > 2 && path[0] == '"' && path[size - 1] == '"') {
    path[size - 1] = '\0';
    path++;
  }
  snprintf(going.path, sizeof going.path, "%s", path);
  slash = strrchr(path, '/');
  snprintf(going.name, INFOS_LEN, "%s", slash == NULL ? path : slash + 1);
  send_message(FILE_REQUEST, rest, going.name);
}

/* It was accepted; `where` is ADDRESS:PORT. */
static void connect_to_friend(const char *where) {
  struct sockaddr_in to = {.sin_family = AF_INET};
  struct stat facts;
  char address[INET_ADDRSTRLEN];
  int port;
  if (going.path[0] == '\0' || going.fd != -1) return; /* nothing was offered */
  if (sscanf(where, "%15[0-9.]:%d", address, &port) != 2 || port < 1 || port > 65535 ||
      inet_pton(AF_INET, address, &to.sin_addr) != 1)
    return end_sending("was not sent: there is no such address");
  going.file = open(going.path, O_RDONLY);
  if (going.file == -1 || fstat(going.file, &facts) == -1 || facts.st_size > 0x7fffffff)
    return end_sending("was not sent: it can't be read");
  to.sin_port = htons((unsigned short)port);
  going.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (connect(going.fd, (struct sockaddr *)&to, sizeof to) == -1 && errno != EINPROGRESS)
    return end_sending("was not sent: nobody takes it");
  struct message header = header_of(FILE_SEND, going.name, (size_t)facts.st_size);
  memcpy(going.bytes, &header, sizeof header);
  going.begin = going.answer_length = 0;
  going.end = sizeof header;
}

static int has_more_to_send(void) {
  if (going.begin < going.end || going.file == -1) return going.begin < going.end;
  ssize_t got = read(going.file, going.bytes, CHUNK);
  going.begin = 0;
  going.end = got > 0 ? (size_t)got : 0;
  if (got <= 0) close_if_open(&going.file);
  return going.end > 0;
}

static void send_more(void) {
  if (!has_more_to_send()) return;
  ssize_t sent = send(going.fd, going.bytes + going.begin, going.end - going.begin, MSG_NOSIGNAL);
  if (sent == -1) {
    if (errno != EAGAIN && errno != EINTR) end_sending("was not sent: the connection broke");
    return;
  }
  going.begin += (size_t)sent;
}

/* The friend says that it has all come. */
static void read_answer(void) {
  ssize_t got = recv(going.fd, (char *)&going.answer + going.answer_length,
                     sizeof going.answer - going.answer_length, 0);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_sending("did not arrive whole: the connection broke");
  going.answer_length += (size_t)got;
  if (going.answer_length < sizeof going.answer) return;
  end_sending(going.answer.type == FILE_ACK ? "has arrived" : "did not arrive");
}

/* ---- a file that comes in ---- */

static void end_receiving(const char *how) {
  printf("\"%s\" %s\n", coming.name, how);
  close_if_open(&coming.listener);
  close_if_open(&coming.fd);
  close_if_open(&coming.file);
  coming.name[0] = '\0';
}

static void take_offer(const char *from, const char *name, size_t size) {
  int is_taken = coming.name[0] != '\0';
  if (is_taken || size == 0 || size >= INFOS_LEN || memchr(name, '/', size) != NULL) {
    send_message(FILE_REJECT, from, "");
    return;
  }
  snprintf(coming.from, NICK_LEN, "%s", from);
  snprintf(coming.name, INFOS_LEN, "%.*s", (int)size, name);
  printf("[%s] wants to send you \"%s\". Do you accept? [Y/N]\n", coming.from, coming.name);
}

static void accept_offer(void) {
  struct sockaddr_in own = {.sin_family = AF_INET};
  socklen_t size = sizeof own;
  char where[64], path[INFOS_LEN + 8];
  snprintf(path, sizeof path, "inbox/%s", coming.name);
  mkdir("inbox", 0755);
  coming.file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
  coming.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  getsockname(server, (struct sockaddr *)&own, &size); /* where friends of the server's reach us */
  own.sin_port = 0;
  if (coming.file == -1 || bind(coming.listener, (struct sockaddr *)&own, sizeof own) == -1 ||
      listen(coming.listener, 1) == -1) {
    send_message(FILE_REJECT, coming.from, "");
    return end_receiving("can't be stored");
  }
  getsockname(coming.listener, (struct sockaddr *)&own, &size);
  snprintf(where, sizeof where, "%s:%d", inet_ntoa(own.sin_addr), ntohs(own.sin_port));
  send_message(FILE_ACCEPT, coming.from, where);
  coming.head_length = 0;
}

static void meet_friend(void) {
  coming.fd = accept4(coming.listener, NULL, NULL, SOCK_NONBLOCK);
  if (coming.fd != -1) close_if_open(&coming.listener);
}

/* Of the connection: first the header, then the file. */
static void read_file(void) {
  char bytes[CHUNK];
  int in_head = coming.head_length < sizeof coming.head;
  size_t most = in_head ? sizeof coming.head - coming.head_length
                        : coming.missing < CHUNK ? coming.missing : CHUNK;
  ssize_t got = recv(coming.fd, bytes, most, 0);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end_receiving("did not arrive whole");
  if (in_head) {
    memcpy((char *)&coming.head + coming.head_length, bytes, (size_t)got);
    coming.head_length += (size_t)got;
    if (coming.head_length < sizeof coming.head) return;
    if (coming.head.type != FILE_SEND || coming.head.pld_len < 0)
      return end_receiving("was not sent");
    coming.missing = (size_t)coming.head.pld_len;
  } else {
    if (write(coming.file, bytes, (size_t)got) != got) return end_receiving("can't be stored");
    coming.missing -= (size_t)got;
  }
  if (coming.missing > 0) return;
  struct message header = header_of(FILE_ACK, coming.name, 0);
  send(coming.fd, &header, sizeof header, MSG_NOSIGNAL); /* the first bytes that way: there is room */
  end_receiving("is in your inbox");
}

static void answer_offer(int is_accepted) {
  if (is_accepted) return accept_offer();
  send_message(FILE_REJECT, coming.from, "");
  end_receiving("is not wanted");
}

static int is_asked(void) { return coming.name[0] != '\0' && coming.listener == -1 && coming.fd == -1; }

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
  } else if ((rest = behind(line, "/send"))) {
    offer_file(rest);
  } else if (is_asked() && (strcmp(line, "Y") == 0 || strcmp(line, "N") == 0)) {
    answer_offer(line[0] == 'Y');
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

/* What a friend says of a file, by way of the server. */
static void show_of_file(const struct message *header, const char *payload) {
  char from[NICK_LEN] = {0}, where[64] = {0};
  size_t size = (size_t)header->pld_len;
  memcpy(from, header->nick_sender, NICK_LEN - 1);
  if (header->type == FILE_REQUEST) return take_offer(from, payload, size);
  if (header->type == FILE_REJECT) {
    if (going.path[0] != '\0') end_sending("is not wanted");
    return;
  }
  memcpy(where, payload, size < sizeof where ? size : sizeof where - 1);
  connect_to_friend(where);
}

static void show(const struct message *header, const char *payload) {
  if (header->type == MULTICAST_JOIN && channel[0] == '\0')
    snprintf(channel, INFOS_LEN, "%.*s", INFOS_LEN, header->infos);
  if (strncmp(header->nick_sender, "Server", NICK_LEN) != 0 && header->type >= FILE_REQUEST &&
      header->type <= FILE_REJECT)
    return show_of_file(header, payload);
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
    struct pollfd watched[] = {{.fd = keyboard, .events = POLLIN},
                               {.fd = server, .events = 0},
                               {.fd = going.fd, .events = POLLIN},
                               {.fd = coming.listener, .events = POLLIN},
                               {.fd = coming.fd, .events = POLLIN}};
    if (output_length < OUTPUT_SIZE / 2) watched[1].events |= POLLIN; /* there is room to answer */
    if (output_length > 0) watched[1].events |= POLLOUT;
    if (going.fd != -1 && has_more_to_send()) watched[2].events |= POLLOUT;
    if (poll(watched, sizeof watched / sizeof *watched, -1) == -1) {
      if (errno == EINTR) continue;
      perror("poll");
      return 1;
    }
    if (watched[0].revents != 0) read_keyboard();
    if (watched[1].revents & POLLOUT) there = flush_output();
    if (watched[2].revents & POLLOUT) send_more();
    if (going.fd != -1 && watched[2].revents & ~POLLOUT) read_answer();
    if (watched[3].revents != 0) meet_friend();
    if (watched[4].revents != 0) read_file();
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
