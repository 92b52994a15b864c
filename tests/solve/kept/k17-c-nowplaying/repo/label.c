#include "label.h"

#include <string.h>

#define DOTS "..."

size_t label_fit(char *to, size_t size, const char *text)
{
    size_t length = strlen(text), keep;

    if (size == 0)
        return 0;
    if (length < size) {
        memcpy(to, text, length + 1);
        return length;
    }
    keep = size - 1;
    if (size < 5) {
        memcpy(to, text, keep);
        to[keep] = '\0';
        return keep;
    }
    keep -= strlen(DOTS);
    memcpy(to, text, keep);
    strcpy(to + keep, DOTS);
    return keep + strlen(DOTS);
}

void label_clean(char *text)
{
    char *to = text;
    int space = 0;

    for (; *text; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f) {
            space = 1;
            continue;
        }
        if (space)
            *to++ = ' ';
        space = 0;
        *to++ = *text;
    }
    *to = '\0';
}
