#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    const char *key;
    const char *value;
};

static void write_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        switch (*text) {
        case '\n': fputs("\\n", out); break;
        case '\\': fputs("\\\\", out); break;
        default: putc(*text, out);
        }
    }
}

/* In place. -1 when a backslash has nothing valid after it. */
static int unescape(char *text)
{
    char *to = text;

    for (; *text; text++) {
        if (*text != '\\') {
            *to++ = *text;
            continue;
        }
        text++;
        if (*text == 'n')
            *to++ = '\n';
        else if (*text == '\\')
            *to++ = '\\';
        else
            return -1;
    }
    *to = '\0';
    return 0;
}

static int load_line(struct table *t, char *line)
{
    char *equals = strchr(line, '=');

    if (!equals || equals == line)
        return -1;
    *equals = '\0';
    if (unescape(equals + 1) != 0)
        return -1;
    return table_set(t, line, equals + 1);
}

long store_load(struct table *t, const char *path)
{
    FILE *in = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    long number = 0, bad = 0;

    if (!in)
        return -1;
    while (!bad && (n = getline(&line, &room, in)) != -1) {
        number++;
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (load_line(t, line) != 0)
            bad = number;
    }
    free(line);
    fclose(in);
    return bad;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

/* NULL when there is no memory; the caller frees. */
static struct pair *sorted(const struct table *t, size_t *n)
{
    struct pair *pairs = malloc((table_count(t) + 1) * sizeof *pairs);
    size_t pos = 0;

    *n = 0;
    if (!pairs)
        return NULL;
    while (table_next(t, &pos, &pairs[*n].key, &pairs[*n].value))
        (*n)++;
    qsort(pairs, *n, sizeof *pairs, by_key);
    return pairs;
}

int store_list(const struct table *t, const char *prefix, FILE *out)
{
    size_t n, length = strlen(prefix);
    struct pair *pairs = sorted(t, &n);

    if (!pairs)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(pairs[i].key, prefix, length) != 0)
            continue;
        fprintf(out, "%s=", pairs[i].key);
        write_escaped(pairs[i].value, out);
        putc('\n', out);
    }
    free(pairs);
    return 0;
}

int store_save(const struct table *t, const char *path)
{
    size_t length = strlen(path);
    char *temporary = malloc(length + 5);
    FILE *out;
    int failed;

    if (!temporary)
        return -1;
    memcpy(temporary, path, length);
    memcpy(temporary + length, ".new", 5);
    out = fopen(temporary, "w");
    if (!out) {
        free(temporary);
        return -1;
    }
    failed = store_list(t, "", out) != 0;
    failed |= ferror(out);
    failed |= fclose(out) != 0;
    if (!failed)
        failed = rename(temporary, path) != 0;
    if (failed)
        remove(temporary);
    free(temporary);
    return failed ? -1 : 0;
}
