#ifndef LABEL_H
#define LABEL_H

#include <stddef.h>

/*
 * Copies as much of the text as fits into `size` bytes, the final zero included. A text that is too long ends in
 * "..." when at least five bytes are there. Returns the length of what is in `to`.
 */
size_t label_fit(char *to, size_t size, const char *text);

/* Replaces control characters by spaces, and several spaces by one. In place. */
void label_clean(char *text);

#endif
