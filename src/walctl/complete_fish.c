/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "walctl/complete.h"

static const char head[] = "# fish completion for walctl; 'walctl completion fish' prints it\n"
                           "function __walctl_at\n"
                           "    set -l words (commandline -opc)\n"
                           "    test (count $words) -gt 1; and contains -- $words[2] $argv\n"
                           "end\n"
                           "complete -c walctl -f\n"
                           "complete -c walctl -n 'test (count (commandline -opc)) -eq 1' "
                           "-s h -l help -d 'show help and exit'\n"
                           "complete -c walctl -n 'test (count (commandline -opc)) -eq 1' "
                           "-s V -l version -d 'show the version and exit'\n";

static void put_text(const char *text)
{
    putchar('\'');
    complete_text(text, "\\", "\\'");
    putchar('\'');
}

static void put_at(const struct command *c)
{
    fputs("complete -c walctl -n '__walctl_at ", stdout);
    complete_names(c, ' ');
    putchar('\'');
}

/* Behind what it belongs to; `only`: nothing else may be there. */
static void put_value(enum complete_kind kind, const char *value, const char *only)
{
    if (kind == COMPLETE_FILE) {
        fputs(*only ? " -r -F" : " -F", stdout);
        return;
    }
    fputs(only, stdout);
    if (kind == COMPLETE_FOLDER) {
        fputs(" -a '(__fish_complete_directories (commandline -ct))'", stdout);
    } else if (kind != COMPLETE_NOTHING) {
        fputs(" -a '", stdout);
        complete_words(kind, value);
        putchar('\'');
    }
}

static void put_option(void *ctx, const struct arg *a)
{
    put_at(ctx);
    if (a->letter)
        printf(" -s %c", a->letter);
    printf(" -l %s", a->name);
    if (a->value)
        put_value(complete_kind_of(a->value), a->value, " -x");
    fputs(" -d ", stdout);
    put_text(a->help);
    putchar('\n');
}

static void put_command(const struct command *c)
{
    struct complete_operand o;

    fputs("complete -c walctl -n 'test (count (commandline -opc)) -eq 1' -a ", stdout);
    printf("%s -d ", c->name);
    put_text(c->summary);
    putchar('\n');
    args_each(c, put_option, (void *)c);
    for (int k = 0; complete_operand(c, k, &o); k++) {
        if (o.kind == COMPLETE_NOTHING)
            continue;
        put_at(c);
        put_value(o.kind, o.name, "");
        putchar('\n');
    }
}

void complete_fish(void)
{
    fputs(head, stdout);
    for (const struct command *const *c = commands; *c; c++)
        put_command(*c);
}
