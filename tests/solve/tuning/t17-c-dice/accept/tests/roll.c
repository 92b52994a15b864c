#undef NDEBUG
#include <assert.h>
#include <stdio.h>

#include "roll.h"

int main(void)
{
    struct roll r;
    struct result x;
    unsigned long state = 1;

    assert(roll_parse("3d6+2", &r) == ROLL_OK && r.dice == 3 && r.sides == 6 && r.bonus == 2);
    assert(roll_parse("d20-1", &r) == ROLL_OK && r.dice == 1 && r.bonus == -1);
    assert(roll_parse("3x6", &r) == ROLL_SYNTAX);
    assert(roll_parse("3d6+", &r) == ROLL_SYNTAX);
    assert(roll_parse("99999d6", &r) == ROLL_SYNTAX);
    assert(roll_parse("0d6", &r) == ROLL_DICE);
    assert(roll_parse("3d1", &r) == ROLL_SIDES);
    assert(roll_parse("100d6", &r) == ROLL_OK);
    for (int i = 0; i < 100; i++) {
        roll_throw(&r, &state, &x);
        for (int n = 0; n < 100; n++)
            assert(x.values[n] >= 1 && x.values[n] <= 6);
        assert(x.sum >= 100 && x.sum <= 600);
    }
    puts("roll: ok");
    return 0;
}
