#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "roll.h"

static int usage(void)
{
    fprintf(stderr, "usage: dice [-q] [-r SEED] NdS[+B|-B]   (up to 100 dice)\n");
    return 2;
}

static int refuse(enum roll_error error, const char *text)
{
    switch (error) {
    case ROLL_DICE:
        fprintf(stderr, "dice: between 1 and 100 dice, please: %s\n", text);
        break;
    case ROLL_SIDES:
        fprintf(stderr, "dice: between 2 and %d sides, please: %s\n", MAX_SIDES, text);
        break;
    default:
        fprintf(stderr, "dice: not a roll: %s\n", text);
    }
    return 2;
}

int main(int argc, char **argv)
{
    unsigned long state = (unsigned long)time(NULL);
    int quiet = 0, i = 1;
    struct roll roll;
    struct result result;
    enum roll_error error;

    for (; i < argc - 1; i++) {
        if (strcmp(argv[i], "-q") == 0)
            quiet = 1;
        else if (strcmp(argv[i], "-r") == 0 && i + 1 < argc - 1)
            state = strtoul(argv[++i], NULL, 10);
        else
            return usage();
    }
    if (i != argc - 1)
        return usage();
    error = roll_parse(argv[i], &roll);
    if (error != ROLL_OK)
        return refuse(error, argv[i]);
    roll_throw(&roll, &state, &result);
    if (!quiet) {
        for (int n = 0; n < roll.dice; n++)
            printf("%d ", result.values[n]);
        if (roll.bonus)
            printf("%+d ", roll.bonus);
        printf("= ");
    }
    printf("%d\n", result.sum);
    return 0;
}
