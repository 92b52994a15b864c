#ifndef FILE_H
#define FILE_H

#include <stdio.h>
#include "grid.h"

/* Reads `CELL = FORMULA` lines. 0, or the number of the first bad line. */
int file_read(struct grid *g, FILE *in);

/* A table: text to the left, everything else to the right, two spaces between columns. */
void file_print_table(const struct grid *g, FILE *out);

/* Comma separated, with quotes where they are needed. */
void file_print_csv(const struct grid *g, FILE *out);

#endif
