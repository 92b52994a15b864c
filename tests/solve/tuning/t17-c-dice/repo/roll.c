#include "roll.h"

#include <ctype.h>

/* Up to four digits; -1 when there are none or more. */
static int number(const char **text)
{
    int value = 0, digits = 0;

    while (isdigit((unsigned char)**text)) {
        value = value * 10 + (**text - '0');
        (*text)++;
        if (++digits > 4)
            return -1;
    }
    return digits ? value : -1;
}

enum roll_error roll_parse(const char *text, struct roll *roll)
{
    int sign;

    roll->bonus = 0;
    roll->dice = *text == 'd' ? 1 : number(&text);
    if (roll->dice < 0 || *text++ != 'd')
        return ROLL_SYNTAX;
    roll->sides = number(&text);
    if (roll->sides < 0)
        return ROLL_SYNTAX;
    if (*text == '+' || *text == '-') {
        sign = *text++ == '+' ? 1 : -1;
        roll->bonus = number(&text);
        if (roll->bonus < 0)
            return ROLL_SYNTAX;
        roll->bonus *= sign;
    }
    if (*text)
        return ROLL_SYNTAX;
    if (roll->dice < 1 || roll->dice > MAX_DICE)
        return ROLL_DICE;
    if (roll->sides < 2 || roll->sides > MAX_SIDES)
        return ROLL_SIDES;
    return ROLL_OK;
}

static unsigned long next(unsigned long *state)
{
    *state = (*state * 1103515245UL + 12345UL) & 0x7fffffffUL;
    return *state >> 8;
}

void roll_throw(const struct roll *roll, unsigned long *state, struct result *result)
{
    result->sum = roll->bonus;
    for (int i = 0; i < roll->dice; i++) {
        result->values[i] = (int)(next(state) % (unsigned long)roll->sides) + 1;
        result->sum += result->values[i];
    }
}
