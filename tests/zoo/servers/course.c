/* A chat server in the style of the course: a header structure, poll, and tables in one thread.
 * Each client has a buffer each way; it is right in everything, and the bugs of the zoo are put
 * into it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INFOS_LEN 128
#define NICK_LEN 128
#define MAX_CLIENTS 256
#define MAX_PAYLOAD 65536
#define OUTPUT_SIZE (1 << 19)

enum msg_type {
  NICKNAME_NEW, NICKNAME_LIST, NICKNAME_INFOS, ECHO_SEND, UNICAST_SEND, BROADCAST_SEND,
  MULTICAST_CREATE, MULTICAST_LIST, MULTICAST_JOIN, MULTICAST_SEND, MULTICAST_QUIT,
  FILE_REQUEST, FILE_ACCEPT, FILE_REJECT, FILE_SEND, FILE_ACK
};

struct message {
  int pld_len;
  char nick_sender[NICK_LEN];
  enum msg_type type;
  char infos[INFOS_LEN];
};

struct client {
  int fd; /* -1: a free place */
  struct sockaddr_in address;
  char since[32];
  char nick[NICK_LEN];
  char channel[INFOS_LEN]; /* the one the user is in; empty: none */
  size_t input_size;
  char input[sizeof(struct message) + MAX_PAYLOAD];
  size_t output_size;
  char output[OUTPUT_SIZE];
  int lost; /* to be let go, once the turn is over */
};

static struct client clients[MAX_CLIENTS];
static struct pollfd watched[MAX_CLIENTS + 1];
static int accepting = 1;

/* ---- sending ---- */

static void flush(struct client *who) {
  ssize_t sent = send(who->fd, who->output, who->output_size, MSG_NOSIGNAL);
  if (sent == -1) {
    if (errno != EAGAIN && errno != EINTR) who->lost = 1;
    return;
  }
  who->output_size -= (size_t)sent;
  memmove(who->output, who->output + sent, who->output_size);
}

static void send_message(struct client *to, const char *from, enum msg_type type, const char *infos,
                         const char *payload, size_t size) {
  struct message header;
  if (to->output_size + sizeof header + size > OUTPUT_SIZE) {
    to->lost = 1; /* does not read */
    return;
  }
  memset(&header, 0, sizeof header);
  header.pld_len = (int)size;
  header.type = type;
  snprintf(header.nick_sender, NICK_LEN, "%s", from);
  snprintf(header.infos, INFOS_LEN, "%s", infos);
  memcpy(to->output + to->output_size, &header, sizeof header);
  memcpy(to->output + to->output_size + sizeof header, payload, size);
  to->output_size += sizeof header + size;
}

static void tell(struct client *to, enum msg_type type, const char *text) {
  send_message(to, "Server", type, "", text, strlen(text));
}

/* ---- who and where ---- */

static struct client *find_nick(const char *nick) {
  for (int n = 0; n < MAX_CLIENTS; n++) {
    if (clients[n].fd != -1 && nick[0] && strcasecmp(clients[n].nick, nick) == 0) return &clients[n];
  }
  return NULL;
}

static int members(const char *channel) {
  int count = 0;
  for (int n = 0; n < MAX_CLIENTS; n++) {
    if (clients[n].fd != -1 && channel[0] && strcmp(clients[n].channel, channel) == 0) count++;
  }
  return count;
}

static int is_name(const char *name) {
  size_t size = strlen(name);
  if (size == 0 || size > 32 || !isalpha((unsigned char)name[0])) return 0;
  for (size_t n = 0; n < size; n++) {
    if (!isalnum((unsigned char)name[n]) && name[n] != '_' && name[n] != '-') return 0;
  }
  return 1;
}

static void to_channel(struct client *from, enum msg_type type, const char *payload, size_t size) {
  for (int n = 0; n < MAX_CLIENTS; n++) {
    struct client *one = &clients[n];
    if (one == from || one->fd == -1 || !from->channel[0]) continue;
    if (strcmp(one->channel, from->channel) == 0)
      send_message(one, from->nick, type, from->channel, payload, size);
  }
}

static void leave_channel(struct client *who) {
  const char *text = "has left the channel";
  to_channel(who, MULTICAST_QUIT, text, strlen(text));
  who->channel[0] = '\0';
}

static void leave(struct client *who) {
  leave_channel(who);
  close(who->fd);
  who->fd = -1;
  who->nick[0] = '\0';
  accepting = 1;
}

/* ---- what is asked ---- */

static void take_nick(struct client *who, const char *nick) {
  struct client *owner = find_nick(nick);
  if (!is_name(nick)) return tell(who, NICKNAME_NEW, "this is no nick");
  if (owner && owner != who) return tell(who, NICKNAME_NEW, "this nick is taken");
  snprintf(who->nick, NICK_LEN, "%s", nick);
  tell(who, NICKNAME_NEW, "welcome on the chat");
}

static void list_users(struct client *who) {
  static char text[MAX_CLIENTS * (NICK_LEN + 4)];
  size_t size = 0;
  for (int n = 0; n < MAX_CLIENTS; n++) {
    if (clients[n].fd != -1 && clients[n].nick[0])
      size += (size_t)snprintf(text + size, sizeof text - size, "- %s\n", clients[n].nick);
  }
  send_message(who, "Server", NICKNAME_LIST, "", text, size);
}

static void describe(struct client *who, const char *nick) {
  struct client *one = find_nick(nick);
  char text[256];
  if (!one) return tell(who, NICKNAME_INFOS, "nobody has this nick");
  snprintf(text, sizeof text, "%s since %s with %s port %d", one->nick, one->since,
           inet_ntoa(one->address.sin_addr), ntohs(one->address.sin_port));
  tell(who, NICKNAME_INFOS, text);
}

static void send_to_all(struct client *from, const char *payload, size_t size) {
  for (int n = 0; n < MAX_CLIENTS; n++) {
    struct client *one = &clients[n];
    if (one->fd == -1 || !one->nick[0]) continue;
    if (one == from) continue;
    send_message(one, from->nick, BROADCAST_SEND, "", payload, size);
  }
  tell(from, BROADCAST_SEND, "sent");
}

static void send_to_one(struct client *from, enum msg_type type, const char *nick,
                        const char *payload, size_t size) {
  struct client *to = find_nick(nick);
  if (!to) return tell(from, type, "nobody has this nick");
  send_message(to, from->nick, type, nick, payload, size);
}

static void create_channel(struct client *who, const char *channel) {
  if (!is_name(channel)) return tell(who, MULTICAST_CREATE, "this is no name for a channel");
  if (members(channel) > 0) return tell(who, MULTICAST_CREATE, "this channel exists");
  leave_channel(who);
  snprintf(who->channel, INFOS_LEN, "%s", channel);
  tell(who, MULTICAST_CREATE, "channel created");
}

static void join_channel(struct client *who, const char *channel) {
  if (members(channel) == 0) return tell(who, MULTICAST_JOIN, "there is no such channel");
  leave_channel(who);
  snprintf(who->channel, INFOS_LEN, "%s", channel);
  to_channel(who, MULTICAST_JOIN, "has joined", 10);
  tell(who, MULTICAST_JOIN, "channel joined");
}

static void list_channels(struct client *who) {
  static char text[MAX_CLIENTS * (INFOS_LEN + 4)];
  size_t size = 0;
  for (int n = 0; n < MAX_CLIENTS; n++) {
    if (clients[n].fd != -1 && clients[n].channel[0])
      size += (size_t)snprintf(text + size, sizeof text - size, "- %s\n", clients[n].channel);
  }
  send_message(who, "Server", MULTICAST_LIST, "", text, size);
}

static void say(struct client *who, const char *channel, const char *payload, size_t size) {
  if (!who->channel[0] || strcmp(who->channel, channel) != 0)
    return tell(who, MULTICAST_SEND, "you are not in this channel");
  to_channel(who, MULTICAST_SEND, payload, size);
}

static void handle(struct client *who, struct message *asked, const char *payload) {
  size_t size = (size_t)asked->pld_len;
  char infos[INFOS_LEN + 1] = {0}; /* with a zero, whatever came */
  memcpy(infos, asked->infos, INFOS_LEN);
  if (asked->type == ECHO_SEND)
    return send_message(who, "Server", ECHO_SEND, "", payload, size);
  if (asked->type == NICKNAME_NEW) return take_nick(who, infos);
  if (!who->nick[0]) return tell(who, asked->type, "first take a nick");
  switch (asked->type) {
    case NICKNAME_LIST: return list_users(who);
    case NICKNAME_INFOS: return describe(who, infos);
    case UNICAST_SEND: return send_to_one(who, UNICAST_SEND, infos, payload, size);
    case BROADCAST_SEND: return send_to_all(who, payload, size);
    case MULTICAST_CREATE: return create_channel(who, infos);
    case MULTICAST_LIST: return list_channels(who);
    case MULTICAST_JOIN: return join_channel(who, infos);
    case MULTICAST_SEND: return say(who, infos, payload, size);
    case MULTICAST_QUIT:
      if (strcmp(who->channel, infos) != 0)
        return tell(who, MULTICAST_QUIT, "you are not in this channel");
      leave_channel(who);
      return tell(who, MULTICAST_QUIT, "channel left");
    case FILE_REQUEST:
    case FILE_ACCEPT:
    case FILE_REJECT: return send_to_one(who, asked->type, infos, payload, size);
    default: return tell(who, ECHO_SEND, "unknown type");
  }
}

/* ---- the loop ---- */

/* Handles the whole messages of the input, for as long as there is room for the answers. */
static void handle_messages(struct client *who) {
  struct message header;
  size_t done = 0;
  while (!who->lost && who->output_size < OUTPUT_SIZE / 2 &&
         who->input_size - done >= sizeof header) {
    memcpy(&header, who->input + done, sizeof header);
    if (header.pld_len < 0 || header.pld_len > MAX_PAYLOAD) {
      who->lost = 1;
      return;
    }
    size_t whole = sizeof header + (size_t)header.pld_len;
    if (who->input_size - done < whole) break;
    handle(who, &header, who->input + done + sizeof header);
    done += whole;
  }
  who->input_size -= done;
  memmove(who->input, who->input + done, who->input_size);
}

static void hear(struct client *who) {
  ssize_t got = recv(who->fd, who->input + who->input_size, sizeof who->input - who->input_size, 0);
  if (got == -1 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    who->lost = 1;
    return;
  }
  who->input_size += (size_t)got;
  handle_messages(who);
}

static void enter(int listener) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  int fd = accept4(listener, (struct sockaddr *)&address, &size, SOCK_NONBLOCK);
  time_t now = time(NULL);
  if (fd == -1) {
    if (errno == EMFILE || errno == ENFILE) accepting = 0;
    return;
  }
  for (int n = 0; n < MAX_CLIENTS; n++) {
    struct client *who = &clients[n];
    if (who->fd != -1) continue;
    memset(who, 0, sizeof *who);
    who->fd = fd;
    who->address = address;
    strftime(who->since, sizeof who->since, "%Y/%m/%d@%H:%M", localtime(&now));
    return;
  }
  close(fd);
}

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

static nfds_t watch_all(int listener) {
  nfds_t used = 1;
  watched[0] = (struct pollfd){.fd = accepting ? listener : -1, .events = POLLIN};
  for (int n = 0; n < MAX_CLIENTS; n++) {
    struct client *who = &clients[n];
    short events = who->output_size < OUTPUT_SIZE / 2 ? POLLIN : 0;
    if (who->output_size > 0) events |= POLLOUT;
    watched[n + 1] = (struct pollfd){.fd = who->fd, .events = events};
    if (who->fd != -1) used = (nfds_t)n + 2;
  }
  return used;
}

static void serve(struct client *who, short ready) {
  if (ready & (POLLIN | POLLHUP | POLLERR)) hear(who);
  if (!who->lost && who->output_size > 0) flush(who);
  if (!who->lost) handle_messages(who);
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  for (int n = 0; n < MAX_CLIENTS; n++) clients[n].fd = -1;
  int listener = open_listener(atoi(argv[1]));
  for (;;) {
    nfds_t used = watch_all(listener);
    if (poll(watched, used, -1) == -1 && errno != EINTR) return 1;
    for (nfds_t n = 1; n < used; n++) {
      if (watched[n].revents && clients[n - 1].fd != -1) serve(&clients[n - 1], watched[n].revents);
    }
    for (int n = 0; n < MAX_CLIENTS; n++) {
      if (clients[n].fd != -1 && clients[n].lost) leave(&clients[n]);
    }
    if (watched[0].revents) enter(listener);
  }
}
