#ifndef ROLL_H
#define ROLL_H

#define MAX_DICE 100
#define MAX_SIDES 1000

struct roll {
    int dice;
    int sides;
    int bonus;
};

struct result {
    int values[MAX_DICE];
    int sum; /* with the bonus */
};

enum roll_error { ROLL_OK, ROLL_SYNTAX, ROLL_DICE, ROLL_SIDES };

/* Reads `3d6+2`. */
enum roll_error roll_parse(const char *text, struct roll *roll);

/* Rolls, and changes the state of the random numbers. */
void roll_throw(const struct roll *roll, unsigned long *state, struct result *result);

#endif
