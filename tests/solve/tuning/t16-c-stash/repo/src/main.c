#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "store.h"

/* The worst result of all lines. */
static int run_lines(struct table *t, int *changed)
{
    char *line = NULL, *words[MAX_WORDS];
    size_t room = 0;
    ssize_t length;
    int worst = DONE;

    while ((length = getline(&line, &room, stdin)) != -1) {
        int n, result;

        if (length > 0 && line[length - 1] == '\n')
            line[length - 1] = '\0';
        n = command_split(line, words);
        if (n == 0)
            continue;
        if (n < 0) {
            fprintf(stderr, "stash: cannot split this line\n");
            result = WRONG;
        } else {
            result = command_run(t, n, words, changed, stdout);
        }
        if (result > worst)
            worst = result;
    }
    free(line);
    return worst;
}

int main(int argc, char **argv)
{
    struct table t;
    long bad;
    int changed = 0, result;

    if (argc < 2) {
        fprintf(stderr, "usage: stash FILE [COMMAND...]\n");
        return WRONG;
    }
    table_init(&t);
    bad = store_load(&t, argv[1]);
    if (bad > 0 || (bad == -1 && errno != ENOENT)) {
        if (bad > 0)
            fprintf(stderr, "stash: %s: line %ld is not KEY=VALUE\n", argv[1], bad);
        else
            fprintf(stderr, "stash: %s: %s\n", argv[1], strerror(errno));
        table_free(&t);
        return WRONG;
    }
    result = argc > 2 ? (int)command_run(&t, argc - 2, argv + 2, &changed, stdout) : run_lines(&t, &changed);
    if (changed && store_save(&t, argv[1]) != 0) {
        fprintf(stderr, "stash: %s: %s\n", argv[1], strerror(errno));
        result = WRONG;
    }
    table_free(&t);
    return result;
}
