#include "value.h"

#include <stdio.h>
#include <string.h>

static const char *const NAMES[] = {"#DIV/0!", "#VALUE!", "#NAME?", "#SYNTAX!"};

struct value value_empty(void)
{
    struct value v;

    memset(&v, 0, sizeof v);
    v.kind = EMPTY;
    return v;
}

struct value value_number(double number)
{
    struct value v = value_empty();

    v.kind = NUMBER;
    v.number = number;
    return v;
}

struct value value_text(const char *text, size_t length)
{
    struct value v = value_empty();

    v.kind = TEXT;
    if (length >= sizeof v.text)
        length = sizeof v.text - 1;
    memcpy(v.text, text, length);
    return v;
}

struct value value_error(enum error error)
{
    struct value v = value_empty();

    v.kind = ERROR;
    v.error = error;
    return v;
}

static void format_number(double number, char *to, size_t size)
{
    char *end;

    snprintf(to, size, "%.6f", number);
    if (!strchr(to, '.'))
        return;
    end = to + strlen(to);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    if (strcmp(to, "-0") == 0)
        strcpy(to, "0");
}

void value_format(const struct value *v, char *to, size_t size)
{
    switch (v->kind) {
    case EMPTY:
        to[0] = '\0';
        break;
    case NUMBER:
        format_number(v->number, to, size);
        break;
    case TEXT:
        snprintf(to, size, "%s", v->text);
        break;
    case ERROR:
        snprintf(to, size, "%s", NAMES[v->error]);
        break;
    }
}
