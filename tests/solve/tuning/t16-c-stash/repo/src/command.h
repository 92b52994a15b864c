#ifndef COMMAND_H
#define COMMAND_H

#include <stdio.h>
#include "table.h"

#define MAX_WORDS 4

enum result { DONE = 0, NOT_FOUND = 1, WRONG = 2 };

/* Splits a line into words, in place. The number of words, or -1: too many, or a quote that does not end. */
int command_split(char *line, char *words[MAX_WORDS]);

/* Runs one command. `*changed` becomes 1 when the table has to be saved. */
enum result command_run(struct table *t, int n, char *words[], int *changed, FILE *out);

#endif
