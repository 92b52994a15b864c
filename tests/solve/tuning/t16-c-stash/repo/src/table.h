#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

/* A map from strings to strings. Keys and values are copied. */

struct entry {
    char *key; /* NULL: free */
    char *value;
};

struct table {
    struct entry *slots;
    size_t size; /* a power of two, or 0 before the first entry */
    size_t count;
};

void table_init(struct table *t);
void table_free(struct table *t);

/* 0, or -1 when there is no memory. An old value is replaced. */
int table_set(struct table *t, const char *key, const char *value);

/* The value, or NULL. It is valid until the table changes. */
const char *table_get(const struct table *t, const char *key);

/* 1 when the key was there, else 0. */
int table_del(struct table *t, const char *key);

size_t table_count(const struct table *t);

/*
 * Walks over all entries in no special order. `*pos` is 0 at first; returns 0 at the end.
 * The table must not change meanwhile.
 */
int table_next(const struct table *t, size_t *pos, const char **key, const char **value);

#endif
