#include "grid.h"

#include <ctype.h>
#include <string.h>

void grid_init(struct grid *g)
{
    memset(g, 0, sizeof *g);
}

int ref_parse(const char *text, struct ref *ref)
{
    int n = 1, row = 0;

    if (!isupper((unsigned char)text[0]) || !isdigit((unsigned char)text[1]))
        return 0;
    while (isdigit((unsigned char)text[n])) {
        row = row * 10 + (text[n] - '0');
        if (++n > 3)
            return 0;
    }
    if (row < 1 || row > ROWS || isalpha((unsigned char)text[n]))
        return 0;
    ref->row = row - 1;
    ref->column = text[0] - 'A';
    return n;
}

int grid_set(struct grid *g, struct ref ref, const char *formula)
{
    if (strlen(formula) >= MAX_FORMULA)
        return -1;
    strcpy(g->cells[ref.row][ref.column].formula, formula);
    return 0;
}

const char *grid_formula(const struct grid *g, struct ref ref)
{
    return g->cells[ref.row][ref.column].formula;
}

void grid_extent(const struct grid *g, int *rows, int *columns)
{
    *rows = 0;
    *columns = 0;
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            if (!g->cells[row][column].formula[0])
                continue;
            *rows = row + 1;
            if (column >= *columns)
                *columns = column + 1;
        }
    }
}
