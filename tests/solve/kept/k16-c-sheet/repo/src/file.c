#include "file.h"

#include <stdlib.h>
#include <string.h>

#include "eval.h"

static int read_line(struct grid *g, char *line)
{
    struct ref ref;
    size_t end;
    int n;

    line += strspn(line, " \t");
    end = strcspn(line, "\r\n");
    while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '\t'))
        end--;
    line[end] = '\0';
    if (!*line || *line == '#')
        return 0;
    n = ref_parse(line, &ref);
    if (!n)
        return -1;
    line += n;
    line += strspn(line, " \t");
    if (*line++ != '=')
        return -1;
    line += strspn(line, " \t");
    return *line ? grid_set(g, ref, line) : -1;
}

int file_read(struct grid *g, FILE *in)
{
    char *line = NULL;
    size_t room = 0;
    int number = 0, bad = 0;

    while (!bad && getline(&line, &room, in) != -1) {
        number++;
        if (read_line(g, line) != 0)
            bad = number;
    }
    free(line);
    return bad;
}

void file_print_table(const struct grid *g, FILE *out)
{
    int rows, columns, width[COLUMNS] = {0};
    char text[512];

    grid_extent(g, &rows, &columns);
    for (int pass = 0; pass < 2; pass++) {
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                struct ref ref = {row, column};
                struct value v = eval_cell(g, ref);

                value_format(&v, text, sizeof text);
                if (pass == 0) {
                    if ((int)strlen(text) > width[column])
                        width[column] = (int)strlen(text);
                    continue;
                }
                if (column > 0)
                    fputs("  ", out);
                fprintf(out, v.kind == TEXT ? "%-*s" : "%*s", width[column], text);
            }
            if (pass == 1)
                putc('\n', out);
        }
    }
}

static void print_field(const char *text, FILE *out)
{
    if (!strpbrk(text, ",\"")) {
        fputs(text, out);
        return;
    }
    putc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', out);
        putc(*text, out);
    }
    putc('"', out);
}

void file_print_csv(const struct grid *g, FILE *out)
{
    int rows, columns;
    char text[512];

    grid_extent(g, &rows, &columns);
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            struct ref ref = {row, column};
            struct value v = eval_cell(g, ref);

            value_format(&v, text, sizeof text);
            if (column > 0)
                putc(',', out);
            print_field(text, out);
        }
        putc('\n', out);
    }
}
