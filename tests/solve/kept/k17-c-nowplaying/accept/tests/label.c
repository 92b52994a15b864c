#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "label.h"

static void fits(size_t size, const char *text, const char *expected)
{
    char to[64];

    memset(to, 'x', sizeof to);
    assert(label_fit(to, size, text) == strlen(expected));
    assert(strcmp(to, expected) == 0);
    assert(to[size] == 'x');
}

int main(void)
{
    char text[] = " a\tb \n c  ";

    fits(20, "Autobahn", "Autobahn");
    fits(9, "Autobahn", "Autobahn");
    fits(8, "Autobahn", "Auto...");
    fits(5, "Autobahn", "A...");
    fits(4, "Autobahn", "Aut");
    fits(1, "Autobahn", "");
    fits(5, "", "");
    label_clean(text);
    assert(strcmp(text, " a b c") == 0);
    puts("label: ok");
    return 0;
}
