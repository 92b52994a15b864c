#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "tags.h"

static void print_line(const char *text, int width)
{
    char line[TAG_SIZE * 2 + 4];

    label_fit(line, (size_t)width + 1, text);
    puts(line);
}

int main(int argc, char **argv)
{
    struct tags tags;
    char both[TAG_SIZE * 2 + 4];
    int width = 20, two = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-2") == 0) {
            two = 1;
        } else if (strcmp(argv[i], "-w") == 0 && i + 1 < argc) {
            width = atoi(argv[++i]);
        } else {
            width = 0;
            break;
        }
    }
    if (width < 1 || width > 500) {
        fprintf(stderr, "usage: nowplaying [-2] [-w BYTES]   (1 to 500)\n");
        return 2;
    }
    tags_read(&tags, stdin);
    if (two) {
        print_line(tags.artist, width);
        print_line(tags_title(&tags), width);
        return 0;
    }
    if (tags.artist[0])
        snprintf(both, sizeof both, "%s - %s", tags.artist, tags_title(&tags));
    else
        snprintf(both, sizeof both, "%s", tags_title(&tags));
    print_line(both, width);
    return 0;
}
