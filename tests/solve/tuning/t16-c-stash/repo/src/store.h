#ifndef STORE_H
#define STORE_H

#include <stdio.h>
#include "table.h"

/* Adds the entries of a file. 0; -1 and errno when it cannot be read; the number of the first bad line. */
long store_load(struct table *t, const char *path);

/* Writes all entries, sorted by key, and replaces the file at once. 0, or -1 and errno. */
int store_save(const struct table *t, const char *path);

/* Prints the entries whose key begins with the prefix, sorted, as KEY=VALUE. 0, or -1 when there is no memory. */
int store_list(const struct table *t, const char *prefix, FILE *out);

#endif
