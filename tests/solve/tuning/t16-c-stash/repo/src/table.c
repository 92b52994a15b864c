#include "table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16

/* FNV-1a */
static uint32_t hash(const char *key)
{
    uint32_t h = 2166136261u;

    for (; *key; key++) {
        h ^= (unsigned char)*key;
        h *= 16777619u;
    }
    return h;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    char *new = malloc(n);

    return new ? memcpy(new, text, n) : NULL;
}

void table_init(struct table *t)
{
    t->slots = NULL;
    t->size = 0;
    t->count = 0;
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->size; i++) {
        free(t->slots[i].key);
        free(t->slots[i].value);
    }
    free(t->slots);
    table_init(t);
}

/* The slot that holds the key, or the free one where it belongs. */
static struct entry *find(struct entry *slots, size_t size, const char *key)
{
    size_t i = hash(key) & (size - 1);

    while (slots[i].key && strcmp(slots[i].key, key) != 0)
        i = (i + 1) & (size - 1);
    return &slots[i];
}

static int grow(struct table *t)
{
    size_t size = t->size ? t->size * 2 : FIRST_SIZE;
    struct entry *slots = calloc(size, sizeof *slots);

    if (!slots)
        return -1;
    for (size_t i = 0; i < t->size; i++)
        if (t->slots[i].key)
            *find(slots, size, t->slots[i].key) = t->slots[i];
    free(t->slots);
    t->slots = slots;
    t->size = size;
    return 0;
}

int table_set(struct table *t, const char *key, const char *value)
{
    struct entry *e;
    char *new;

    /* at most three quarters full */
    if (t->count * 4 >= t->size * 3 && grow(t) != 0)
        return -1;
    new = copy(value);
    if (!new)
        return -1;
    e = find(t->slots, t->size, key);
    if (e->key) {
        free(e->value);
        e->value = new;
        return 0;
    }
    e->key = copy(key);
    if (!e->key) {
        free(new);
        return -1;
    }
    e->value = new;
    t->count++;
    return 0;
}

const char *table_get(const struct table *t, const char *key)
{
    struct entry *e;

    if (t->size == 0)
        return NULL;
    e = find(t->slots, t->size, key);
    return e->key ? e->value : NULL;
}

int table_del(struct table *t, const char *key)
{
    struct entry *e;

    if (t->size == 0)
        return 0;
    e = find(t->slots, t->size, key);
    if (!e->key)
        return 0;
    free(e->key);
    free(e->value);
    e->key = NULL;
    e->value = NULL;
    t->count--;
    return 1;
}

size_t table_count(const struct table *t)
{
    return t->count;
}

int table_next(const struct table *t, size_t *pos, const char **key, const char **value)
{
    while (*pos < t->size) {
        const struct entry *e = &t->slots[(*pos)++];

        if (e->key) {
            *key = e->key;
            *value = e->value;
            return 1;
        }
    }
    return 0;
}
