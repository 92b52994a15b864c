#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

#define KEYS 300

static char model[KEYS][16];
static int there[KEYS];

static const char *name(int i)
{
    static char key[32];

    sprintf(key, "job.%d.state", i);
    return key;
}

static void check(const struct table *t)
{
    size_t count = 0, seen = 0, pos = 0;
    const char *k, *v;

    for (int i = 0; i < KEYS; i++) {
        const char *value = table_get(t, name(i));

        assert(there[i] ? value && strcmp(value, model[i]) == 0 : !value);
        count += there[i];
    }
    assert(table_count(t) == count);
    while (table_next(t, &pos, &k, &v)) {
        int i;

        assert(k && v && sscanf(k, "job.%d.state", &i) == 1 && there[i] == 1 && strcmp(v, model[i]) == 0);
        seen++;
    }
    assert(seen == count);
}

int main(void)
{
    struct table t;
    unsigned seed = 12345;

    table_init(&t);
    for (int round = 0; round < 20000; round++) {
        int i;

        seed = seed * 1103515245u + 12345u;
        i = (int)((seed >> 8) % KEYS);
        if ((seed >> 20) % 5 < 2) {
            assert(table_del(&t, name(i)) == there[i]);
            there[i] = 0;
        } else {
            sprintf(model[i], "%d", round);
            assert(table_set(&t, name(i), model[i]) == 0);
            there[i] = 1;
        }
        if (round % 50 == 0 || round < 500)
            check(&t);
    }
    check(&t);
    for (int i = 0; i < KEYS; i++) {
        assert(table_del(&t, name(i)) == there[i]);
        there[i] = 0;
        check(&t);
    }
    /* ever new keys, few at a time: must neither hang nor lose any */
    for (int i = 0; i < 5000; i++) {
        char key[32];

        sprintf(key, "once.%d", i);
        assert(table_set(&t, key, "x") == 0 && table_get(&t, key));
        assert(table_get(&t, "never") == NULL);
        assert(table_del(&t, key) == 1 && table_get(&t, key) == NULL);
    }
    assert(table_count(&t) == 0);
    table_free(&t);
    assert(table_get(&t, "x") == NULL && table_set(&t, "x", "1") == 0 && table_count(&t) == 1);
    table_free(&t);
    puts("hidden: ok");
    return 0;
}
