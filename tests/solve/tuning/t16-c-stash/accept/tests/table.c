#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "table.h"

static void holds_many(void)
{
    struct table t;
    char key[32], value[32];
    const char *k, *v;
    size_t pos = 0, seen = 0;

    table_init(&t);
    assert(table_get(&t, "x") == NULL && table_del(&t, "x") == 0);
    for (int i = 0; i < 1000; i++) {
        sprintf(key, "key%d", i);
        sprintf(value, "%d", i * i);
        assert(table_set(&t, key, value) == 0);
    }
    assert(table_set(&t, "key7", "seven") == 0);
    assert(table_count(&t) == 1000);
    assert(strcmp(table_get(&t, "key7"), "seven") == 0);
    assert(strcmp(table_get(&t, "key999"), "998001") == 0);
    assert(table_get(&t, "key1000") == NULL);
    while (table_next(&t, &pos, &k, &v))
        seen++;
    assert(seen == 1000);
    table_free(&t);
}

static void forgets_one(void)
{
    struct table t;

    table_init(&t);
    assert(table_set(&t, "a", "1") == 0);
    assert(table_del(&t, "a") == 1);
    assert(table_del(&t, "a") == 0);
    assert(table_get(&t, "a") == NULL && table_count(&t) == 0);
    table_free(&t);
}

static void splits(void)
{
    char line[] = "set  a \"x \\\"y\\\"\\n\"", open[] = "set a \"x", many[] = "1 2 3 4 5";
    char *words[MAX_WORDS];

    assert(command_split(line, words) == 3);
    assert(strcmp(words[1], "a") == 0 && strcmp(words[2], "x \"y\"\n") == 0);
    assert(command_split(open, words) == -1);
    assert(command_split(many, words) == -1);
}

int main(void)
{
    holds_many();
    forgets_one();
    splits();
    puts("table: ok");
    return 0;
}
