#ifndef TAGS_H
#define TAGS_H

#include <stdio.h>

#define TAG_SIZE 256

struct tags {
    char artist[TAG_SIZE];
    char title[TAG_SIZE];
    char file[TAG_SIZE];
};

/* Reads key=value lines; unknown keys do not matter. */
void tags_read(struct tags *tags, FILE *in);

/* The title, or the name of the file without folders when there is none. */
const char *tags_title(const struct tags *tags);

#endif
