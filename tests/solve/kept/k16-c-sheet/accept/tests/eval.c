#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "eval.h"

static struct grid grid;

static void set(const char *cell, const char *formula)
{
    struct ref ref;

    assert(ref_parse(cell, &ref) == (int)strlen(cell));
    assert(grid_set(&grid, ref, formula) == 0);
}

static void shows(const char *formula, const char *expected)
{
    struct ref ref = {98, 25};
    struct value v;
    char text[512];

    assert(grid_set(&grid, ref, formula) == 0);
    v = eval_cell(&grid, ref);
    value_format(&v, text, sizeof text);
    if (strcmp(text, expected) != 0) {
        fprintf(stderr, "%s: %s, not %s\n", formula, text, expected);
        assert(0);
    }
}

int main(void)
{
    grid_init(&grid);
    set("A1", "2");
    set("A2", "A1 * 3");
    set("A3", "\"text\"");
    set("B1", "1 / 0");
    shows("1 + 2 * 3 - -4", "11");
    shows("(1 + 2) * 3 / 2", "4.5");
    shows("A2 + C9", "6");
    shows("1 / 3", "0.333333");
    shows("0 - 0.0000001", "0");
    shows("SUM(A1:A3, 10)", "18");
    shows("AVG(A3:A1)", "4");
    shows("MIN(A1:A2) + MAX(A1, A2)", "8");
    shows("COUNT(A1:A9)", "2");
    shows("COUNT()", "0");
    shows("AVG(C1:C3)", "#DIV/0!");
    shows("A3 + 1", "#VALUE!");
    shows("B1 + 1", "#DIV/0!");
    shows("SUM(A1:B1)", "#DIV/0!");
    shows("FOO(1)", "#NAME?");
    shows("1 +", "#SYNTAX!");
    shows("A100", "#SYNTAX!");
    shows("(1", "#SYNTAX!");
    shows("\"a", "#SYNTAX!");
    shows("A3", "text");
    puts("eval: ok");
    return 0;
}
