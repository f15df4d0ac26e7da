/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/complete.h"

#include <libwal/wal.h>

#include <stdio.h>
#include <string.h>

#include "walctl/topic.h"

enum complete_kind complete_kind_of(const char *value)
{
    static const struct {
        const char *value;
        enum complete_kind kind;
    } known[] = {{"LOG", COMPLETE_FOLDER},         {"DIR", COMPLETE_FOLDER},
                 {"FILE", COMPLETE_FILE},          {"KEYFILE", COMPLETE_FILE},
                 {"NAME=VALUE", COMPLETE_SETTING}, {"COMMAND|TOPIC", COMPLETE_TOPIC}};

    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strcmp(value, known[k].value) == 0)
            return known[k].kind;
    return strchr(value, '|') ? COMPLETE_WORDS : COMPLETE_NOTHING;
}

bool complete_operand(const struct command *c, int k, struct complete_operand *ret)
{
    const char *at = c->operands;

    for (; k > 0 && at; k--)
        at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
    if (!at)
        return false;
    at += *at == '[';
    snprintf(ret->name, sizeof ret->name, "%.*s", (int)strcspn(at, " ]."), at);
    ret->kind = complete_kind_of(ret->name);
    ret->many = strncmp(at + strlen(ret->name), "...", 3) == 0;
    return ret->name[0];
}

static void print_topics(void)
{
    const char *blank = "";

    for (const struct command *const *c = commands; *c; c++, blank = " ")
        printf("%s%s", blank, (*c)->name);
    for (const struct topic *t = topics; t->name; t++)
        printf("%s%s", blank, t->name);
}

void complete_words(enum complete_kind kind, const char *value)
{
    if (kind == COMPLETE_TOPIC)
        print_topics();
    for (; kind == COMPLETE_WORDS && *value; value++)
        putchar(*value == '|' ? ' ' : *value);
    for (uint32_t k = 1; kind == COMPLETE_SETTING && wal_option_name(k); k++)
        printf(k > 1 ? " %s=" : "%s=", wal_option_name(k));
}

void complete_names(const struct command *c, char mark)
{
    fputs(c->name, stdout);
    if (c->alias)
        printf("%c%s", mark, c->alias);
}

void complete_text(const char *text, const char *special, const char *quote)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs(quote, stdout);
        else if (strchr(special, *text))
            printf("\\%c", *text);
        else
            putchar(*text == '\n' ? ' ' : *text);
    }
}
