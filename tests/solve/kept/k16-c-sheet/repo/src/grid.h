#ifndef GRID_H
#define GRID_H

#define COLUMNS 26
#define ROWS 99
#define MAX_FORMULA 200

/* The cells, as they were written. */

struct cell {
    char formula[MAX_FORMULA]; /* empty: an empty cell */
};

struct grid {
    struct cell cells[ROWS][COLUMNS];
};

struct ref {
    int row; /* from 0 */
    int column;
};

void grid_init(struct grid *g);

/* Reads `B12` at the start of the text. The number of characters, or 0 when there is no cell. */
int ref_parse(const char *text, struct ref *ref);

/* 0, or -1 when the formula is too long. */
int grid_set(struct grid *g, struct ref ref, const char *formula);

const char *grid_formula(const struct grid *g, struct ref ref);

/* The number of rows and columns up to the last cell that is not empty. */
void grid_extent(const struct grid *g, int *rows, int *columns);

#endif
