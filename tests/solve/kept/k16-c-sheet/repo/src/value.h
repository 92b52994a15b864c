#ifndef VALUE_H
#define VALUE_H

#include <stddef.h>
#include "grid.h"

enum kind { EMPTY, NUMBER, TEXT, ERROR };

enum error { DIVISION, NOT_A_NUMBER, UNKNOWN_NAME, SYNTAX };

struct value {
    enum kind kind;
    double number;
    enum error error;
    char text[MAX_FORMULA];
};

struct value value_empty(void);
struct value value_number(double number);
struct value value_text(const char *text, size_t length);
struct value value_error(enum error error);

/* As it is shown: up to six decimal places, no zeros at the end. */
void value_format(const struct value *v, char *to, size_t size);

#endif
