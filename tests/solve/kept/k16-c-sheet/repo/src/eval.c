/*
 * Recursive descent over the text of a formula:
 *
 *   sum     = product { ("+" | "-") product }
 *   product = factor { ("*" | "/") factor }
 *   factor  = "-" factor | "(" sum ")" | number | string | cell | NAME "(" [arg { "," arg }] ")"
 *   arg     = cell ":" cell | sum
 */
#include "eval.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    const struct grid *grid;
    const char *at;
};

static struct value sum(struct parser *p);

static void skip_spaces(struct parser *p)
{
    while (*p->at == ' ' || *p->at == '\t')
        p->at++;
}

/* Takes the character if it comes next. */
static int accept(struct parser *p, char c)
{
    skip_spaces(p);
    if (*p->at != c)
        return 0;
    p->at++;
    return 1;
}

/* An empty cell is 0, text an error. */
static struct value to_number(struct value v)
{
    if (v.kind == EMPTY)
        return value_number(0);
    if (v.kind == TEXT)
        return value_error(NOT_A_NUMBER);
    return v;
}

static struct value compute(struct value a, char operator, struct value b)
{
    if (a.kind == ERROR && a.error == SYNTAX)
        return a;
    if (b.kind == ERROR && b.error == SYNTAX)
        return b;
    a = to_number(a);
    b = to_number(b);
    if (a.kind == ERROR)
        return a;
    if (b.kind == ERROR)
        return b;
    switch (operator) {
    case '+': return value_number(a.number + b.number);
    case '-': return value_number(a.number - b.number);
    case '*': return value_number(a.number * b.number);
    default:
        if (b.number == 0)
            return value_error(DIVISION);
        return value_number(a.number / b.number);
    }
}

/* What a function has seen of its arguments so far. */
struct tally {
    int count;
    double sum, min, max;
    struct value error; /* EMPTY: none */
};

static void count_in(struct tally *t, struct value v, int in_range)
{
    if (in_range && v.kind != NUMBER && v.kind != ERROR)
        return;
    v = to_number(v);
    if (v.kind == ERROR) {
        if (t->error.kind == EMPTY)
            t->error = v;
        return;
    }
    if (t->count == 0 || v.number < t->min)
        t->min = v.number;
    if (t->count == 0 || v.number > t->max)
        t->max = v.number;
    t->sum += v.number;
    t->count++;
}

static struct value finish(const char *name, const struct tally *t)
{
    if (t->error.kind == ERROR)
        return t->error;
    if (strcmp(name, "SUM") == 0)
        return value_number(t->sum);
    if (strcmp(name, "COUNT") == 0)
        return value_number(t->count);
    if (strcmp(name, "AVG") == 0)
        return t->count ? value_number(t->sum / t->count) : value_error(DIVISION);
    if (strcmp(name, "MIN") == 0)
        return value_number(t->min);
    if (strcmp(name, "MAX") == 0)
        return value_number(t->max);
    return value_error(UNKNOWN_NAME);
}

static void count_range(struct parser *p, struct tally *t, struct ref from, struct ref to)
{
    struct ref at;
    int swap;

    if (from.row > to.row)
        swap = from.row, from.row = to.row, to.row = swap;
    if (from.column > to.column)
        swap = from.column, from.column = to.column, to.column = swap;
    for (at.row = from.row; at.row <= to.row; at.row++)
        for (at.column = from.column; at.column <= to.column; at.column++)
            count_in(t, eval_cell(p->grid, at), 1);
}

static void argument(struct parser *p, struct tally *t)
{
    struct ref from, to;
    const char *start;
    int n;

    skip_spaces(p);
    start = p->at;
    n = ref_parse(p->at, &from);
    if (n) {
        p->at += n;
        if (accept(p, ':')) {
            skip_spaces(p);
            n = ref_parse(p->at, &to);
            p->at += n;
            if (n)
                count_range(p, t, from, to);
            else
                count_in(t, value_error(SYNTAX), 0);
            return;
        }
        p->at = start;
    }
    count_in(t, sum(p), 0);
}

static struct value call(struct parser *p, const char *name)
{
    struct tally t = {0, 0, 0, 0, {EMPTY, 0, 0, ""}};

    if (!accept(p, ')')) {
        do
            argument(p, &t);
        while (accept(p, ','));
        if (!accept(p, ')'))
            return value_error(SYNTAX);
    }
    return finish(name, &t);
}

static struct value name_or_cell(struct parser *p)
{
    char name[16];
    size_t n = 0;
    struct ref ref;
    int length = ref_parse(p->at, &ref);

    if (length) {
        p->at += length;
        return eval_cell(p->grid, ref);
    }
    while (isalnum((unsigned char)p->at[n]) && n < sizeof name - 1) {
        name[n] = p->at[n];
        n++;
    }
    name[n] = '\0';
    p->at += n;
    if (!accept(p, '('))
        return value_error(SYNTAX);
    return call(p, name);
}

static struct value string(struct parser *p)
{
    const char *end = strchr(p->at, '"');
    struct value v;

    if (!end)
        return value_error(SYNTAX);
    v = value_text(p->at, (size_t)(end - p->at));
    p->at = end + 1;
    return v;
}

static struct value factor(struct parser *p)
{
    struct value v;

    if (accept(p, '-'))
        return compute(value_number(0), '-', factor(p));
    if (accept(p, '(')) {
        v = sum(p);
        return accept(p, ')') ? v : value_error(SYNTAX);
    }
    if (accept(p, '"'))
        return string(p);
    if (isdigit((unsigned char)*p->at) || *p->at == '.') {
        char *end;
        double number = strtod(p->at, &end);

        if (end == p->at)
            return value_error(SYNTAX);
        p->at = end;
        return value_number(number);
    }
    if (isalpha((unsigned char)*p->at))
        return name_or_cell(p);
    return value_error(SYNTAX);
}

static struct value product(struct parser *p)
{
    struct value v = factor(p);

    for (;;) {
        if (accept(p, '*'))
            v = compute(v, '*', factor(p));
        else if (accept(p, '/'))
            v = compute(v, '/', factor(p));
        else
            return v;
    }
}

static struct value sum(struct parser *p)
{
    struct value v = product(p);

    for (;;) {
        if (accept(p, '+'))
            v = compute(v, '+', product(p));
        else if (accept(p, '-'))
            v = compute(v, '-', product(p));
        else
            return v;
    }
}

struct value eval_cell(const struct grid *g, struct ref ref)
{
    struct parser p;
    struct value v;

    p.grid = g;
    p.at = grid_formula(g, ref);
    if (!*p.at)
        return value_empty();
    v = sum(&p);
    skip_spaces(&p);
    return *p.at ? value_error(SYNTAX) : v;
}
