/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "walctl/complete.h"

static const char head[] = "#compdef walctl\n"
                           "# zsh completion for walctl; 'walctl completion zsh' prints it\n"
                           "_walctl() {\n"
                           "  local command=$words[2] context state line\n"
                           "  typeset -A opt_args\n"
                           "  if (( CURRENT == 2 )); then\n"
                           "    local -a names\n"
                           "    names=(\n";
static const char middle[] = "    )\n"
                             "    _describe command names\n"
                             "    return\n"
                             "  fi\n"
                             "  shift words\n"
                             "  (( CURRENT-- ))\n"
                             "  case $command in\n";
static const char tail[] = "  esac\n"
                           "}\n"
                           "if [[ $funcstack[1] == _walctl ]]; then\n"
                           "  _walctl \"$@\"\n"
                           "else\n"
                           "  compdef _walctl walctl\n"
                           "fi\n";

/* In single quotes, and for what reads the text as a specification. */
static void put_text(const char *text)
{
    complete_text(text, "[]:\\", "'\\''");
}

/* What may be there: behind the name of it, in front of the closing quote. */
static void put_action(enum complete_kind kind, const char *value)
{
    putchar(':');
    put_text(value);
    putchar(':');
    if (kind == COMPLETE_FOLDER)
        fputs("_files -/", stdout);
    else if (kind == COMPLETE_FILE)
        fputs("_files", stdout);
    else if (kind == COMPLETE_SETTING)
        fputs("compadd -S \"\" ", stdout);
    else if (kind != COMPLETE_NOTHING)
        putchar('(');
    complete_words(kind, value);
    if (kind == COMPLETE_WORDS || kind == COMPLETE_TOPIC)
        putchar(')');
    putchar('\'');
}

/* Each may come again: the last one counts, or all do. */
static void put_spec(const struct arg *a, const char *dashes, const char *name, const char *sign)
{
    printf("      '*%s%s%s[", dashes, name, a->value ? sign : "");
    put_text(a->help);
    putchar(']');
    if (a->value)
        put_action(complete_kind_of(a->value), a->value);
    else
        putchar('\'');
    fputs(" \\\n", stdout);
}

static void put_option(void *ctx, const struct arg *a)
{
    char letter[2] = {(char)a->letter, '\0'};
    (void)ctx;

    if (a->letter)
        put_spec(a, "-", letter, "+");
    put_spec(a, "--", a->name, "=");
}

static void put_command(const struct command *c)
{
    struct complete_operand o;

    fputs("  ", stdout);
    complete_names(c, '|');
    fputs(")\n    _arguments -s -S \\\n", stdout);
    args_each(c, put_option, NULL);
    for (int k = 0; complete_operand(c, k, &o); k++) {
        if (o.many)
            fputs("      '*", stdout);
        else
            printf("      '%d", k + 1);
        put_action(o.kind, o.name);
        fputs(" \\\n", stdout);
    }
    fputs("      && return ;;\n", stdout);
}

void complete_zsh(void)
{
    fputs(head, stdout);
    for (const struct command *const *c = commands; *c; c++) {
        printf("      '%s:", (*c)->name);
        put_text((*c)->summary);
        fputs("'\n", stdout);
    }
    fputs(middle, stdout);
    for (const struct command *const *c = commands; *c; c++)
        put_command(*c);
    fputs(tail, stdout);
}
