#include "command.h"

#include <errno.h>
#include <string.h>

#include "store.h"

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Reads a quoted word from just after its quote; returns what follows it, or NULL. */
static char *unquote(char *from)
{
    char *to = from;

    for (; *from && *from != '"'; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 'n' ? '\n' : *from;
        } else {
            *to++ = *from;
        }
    }
    if (!*from)
        return NULL;
    *to = '\0';
    return from + 1;
}

int command_split(char *line, char *words[MAX_WORDS])
{
    int n = 0;

    for (;;) {
        while (is_space(*line))
            line++;
        if (!*line)
            return n;
        if (n == MAX_WORDS)
            return -1;
        if (*line == '"') {
            words[n++] = ++line;
            line = unquote(line);
            if (!line)
                return -1;
            continue;
        }
        words[n++] = line;
        while (*line && !is_space(*line))
            line++;
        if (*line)
            *line++ = '\0';
    }
}

static enum result wrong(const char *message)
{
    fprintf(stderr, "stash: %s\n", message);
    return WRONG;
}

static int valid_key(const char *key)
{
    if (!*key || *key == '#')
        return 0;
    return strpbrk(key, "= \t\n\\") == NULL;
}

static enum result set(struct table *t, const char *key, const char *value, int *changed)
{
    if (!valid_key(key))
        return wrong("a key must not be empty, begin with #, or contain spaces, = or backslashes");
    if (table_set(t, key, value) != 0)
        return wrong("out of memory");
    *changed = 1;
    return DONE;
}

static enum result import(struct table *t, const char *path, int *changed)
{
    long bad = store_load(t, path);

    if (bad == -1) {
        fprintf(stderr, "stash: %s: %s\n", path, strerror(errno));
        return WRONG;
    }
    *changed = 1;
    if (bad > 0) {
        fprintf(stderr, "stash: %s: line %ld is not KEY=VALUE\n", path, bad);
        return WRONG;
    }
    return DONE;
}

enum result command_run(struct table *t, int n, char *words[], int *changed, FILE *out)
{
    const char *name = words[0], *value;

    if (strcmp(name, "set") == 0 && n == 3)
        return set(t, words[1], words[2], changed);
    if (strcmp(name, "get") == 0 && n == 2) {
        value = table_get(t, words[1]);
        if (!value)
            return NOT_FOUND;
        fprintf(out, "%s\n", value);
        return DONE;
    }
    if (strcmp(name, "del") == 0 && n == 2) {
        if (!table_del(t, words[1]))
            return NOT_FOUND;
        *changed = 1;
        return DONE;
    }
    if (strcmp(name, "list") == 0 && n <= 2)
        return store_list(t, n == 2 ? words[1] : "", out) == 0 ? DONE : wrong("out of memory");
    if (strcmp(name, "count") == 0 && n == 1) {
        fprintf(out, "%zu\n", table_count(t));
        return DONE;
    }
    if (strcmp(name, "import") == 0 && n == 2)
        return import(t, words[1], changed);
    if (strcmp(name, "help") == 0) {
        fputs("set KEY VALUE | get KEY | del KEY | list [PREFIX] | count | import FILE\n", out);
        return DONE;
    }
    return wrong("unknown command, or a wrong number of words; try help");
}
