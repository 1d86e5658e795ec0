/* What the snippets of docs/causes.md share: a server's clients, and the names of their data. */
#pragma once

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

enum { PLACES = 64, TYPES = 16, MOST_TEXT = 1024, MOST_INPUT = 1 << 20, NICKNAME_NEW = 0 };

struct message {
  int pld_len;
  char nick_sender[128];
  int type;
  char infos[128];
};

struct client {
  int fd; /* -1: a free place */
  struct sockaddr_in address;
  char nick[32];
  char channel[32];
  char *name;
  bool lost;
  size_t size, searched; /* of the input */
  char input[4096];
  char *history;
  size_t output_size;
  char output[4096];
};

struct channel {
  char name[32];
  int members;
};

extern struct client clients[PLACES], *client;
extern struct channel *channel;
extern struct pollfd polled[PLACES + 1];
extern struct message header, answer;
extern struct sockaddr_in address;
extern const char *const type_names[TYPES];
extern char names[PLACES][32], buffer[1024], payload[1024], line[1024], typed[1024];
extern const char *hello, *id, *id_as_it_came, *type;
extern char *text, *nick, *name, *partial, *path, **argv;
extern char *const arguments[];
extern char *end;
extern size_t size, length;
extern ssize_t got;
extern int fd, listener, file, inbox, n, place, count, total, average, number;
extern bool typing;
extern pthread_t thread;
extern pthread_mutex_t lock;

/* As jansson has them. */
typedef struct json_t json_t;
json_t *json_loads(const char *input, size_t flags, void *error);
json_t *json_object_get(const json_t *from, const char *key);
const char *json_string_value(const json_t *value);
extern json_t *object;

bool has_message(const struct client *who);
void handle_first(struct client *who);
void handle(struct client *who, const char *bytes, size_t number_of_bytes);
void handle_type(struct client *who, int type);
void send_all(int descriptor, const void *bytes, size_t number_of_bytes);
void send_line(const char *one);
void send_first_line(const char *its_end);
void queue(struct client *who, const char *bytes, size_t number_of_bytes);
void queue_fd(int descriptor, const char *bytes, size_t number_of_bytes);
void drop_first(struct client *who, size_t number_of_bytes);
void refuse(struct client *who, const char *why);
void leave(struct client *who);
void leave_channel(struct client *who);
void remove_entry(int place);
void enter(int descriptor);
void serve_ready(void);
void *serve(void *who);
void read_keyboard(void);
void read_server(void);
void receive_file(int descriptor);
bool is_what_was_offered(const char *file_name);
void show(const char *bytes, size_t number_of_bytes);
void to_channel(const char *channel_name, const char *bytes, size_t number_of_bytes);
ssize_t hear(struct client *who);
struct client *find(const char *wanted);
struct channel *find_channel(const char *wanted);
int find_index(const char *wanted);
