#include "tags.h"

#include <string.h>

#include "label.h"

static void take(char *to, const char *value)
{
    if (strlen(value) < TAG_SIZE)
        strcpy(to, value);
    label_clean(to);
}

void tags_read(struct tags *tags, FILE *in)
{
    char line[TAG_SIZE + 32];

    memset(tags, 0, sizeof *tags);
    while (fgets(line, sizeof line, in)) {
        char *value = strchr(line, '=');

        if (!value)
            continue;
        *value++ = '\0';
        value[strcspn(value, "\r\n")] = '\0';
        if (strcmp(line, "artist") == 0)
            take(tags->artist, value);
        else if (strcmp(line, "title") == 0)
            take(tags->title, value);
        else if (strcmp(line, "file") == 0)
            take(tags->file, value);
    }
}

const char *tags_title(const struct tags *tags)
{
    const char *slash;

    if (tags->title[0])
        return tags->title;
    slash = strrchr(tags->file, '/');
    return slash ? slash + 1 : tags->file;
}
