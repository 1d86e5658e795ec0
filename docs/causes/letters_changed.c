/* A letter that is not ASCII was changed, or ended the text. */
#include "snippets.h"

void before(void) {
  if (text[n] < ' ') return refuse(client, "bad_text");
}

void after(void) {
  unsigned char byte = (unsigned char)text[n];
  if (byte < ' ' || byte == 127) return refuse(client, "bad_text");
}
