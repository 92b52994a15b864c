#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "label.h"

static const char *const TEXTS[] = {
    "Autobahn", "Für Elise", "Ágætis byrjun", "君が代は千代に八千代に", "ÄÖÜäöüß", "a🎵b🎶c🎷🎺", "é", "日", "🎵", "x日", "abcd🎵", "abc日本",
};

static int starts_character(char c)
{
    return ((unsigned char)c & 0xC0) != 0x80;
}

int main(void)
{
    for (size_t n = 0; n < sizeof TEXTS / sizeof *TEXTS; n++) {
        const char *text = TEXTS[n];
        size_t length = strlen(text);

        for (size_t size = 1; size < 48; size++) {
            char to[64], expected[64];
            size_t keep, result;

            if (length < size) {
                strcpy(expected, text);
            } else {
                keep = size < 5 ? size - 1 : size - 4;
                while (!starts_character(text[keep]))
                    keep--;
                memcpy(expected, text, keep);
                strcpy(expected + keep, size < 5 ? "" : "...");
            }
            memset(to, 'x', sizeof to);
            result = label_fit(to, size, text);
            if (strcmp(to, expected) != 0 || result != strlen(expected) || to[size] != 'x') {
                fprintf(stderr, "FAIL \"%s\", %zu bytes: \"%s\" (%zu), not \"%s\"\n", text, size, to, result, expected);
                return 1;
            }
        }
    }
    puts("hidden: ok");
    return 0;
}
