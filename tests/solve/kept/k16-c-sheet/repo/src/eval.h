#ifndef EVAL_H
#define EVAL_H

#include "grid.h"
#include "value.h"

/* The value of a cell. */
struct value eval_cell(const struct grid *g, struct ref ref);

#endif
