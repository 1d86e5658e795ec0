/* The last member left the channel, and the channel is still there. */
#include "snippets.h"

void before(void) {
  channel->members--;
}

void after(void) {
  channel->members--;
  if (channel->members == 0) channel->name[0] = '\0';
}
