#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "eval.h"
#include "file.h"

static int usage(void)
{
    fprintf(stderr, "usage: sheet [-c | -g CELL] FILE\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct grid grid;
    const char *path = argv[argc - 1];
    struct ref wanted = {0, 0};
    int csv = 0, one = 0, bad;
    FILE *in;

    if (argc == 3 && strcmp(argv[1], "-c") == 0)
        csv = 1;
    else if (argc == 4 && strcmp(argv[1], "-g") == 0)
        one = ref_parse(argv[2], &wanted) == (int)strlen(argv[2]);
    if (argc < 2 || (argc != 2 && !csv && !one))
        return usage();
    in = fopen(path, "r");
    if (!in) {
        fprintf(stderr, "sheet: %s: %s\n", path, strerror(errno));
        return 2;
    }
    grid_init(&grid);
    bad = file_read(&grid, in);
    fclose(in);
    if (bad) {
        fprintf(stderr, "sheet: %s: line %d is not CELL = FORMULA\n", path, bad);
        return 2;
    }
    if (one) {
        struct value v = eval_cell(&grid, wanted);
        char text[512];

        value_format(&v, text, sizeof text);
        puts(text);
    } else if (csv) {
        file_print_csv(&grid, stdout);
    } else {
        file_print_table(&grid, stdout);
    }
    return 0;
}
