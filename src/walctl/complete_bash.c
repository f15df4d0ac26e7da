/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "walctl/complete.h"

static const char head[] =
    "# bash completion for walctl; 'walctl completion bash' prints it\n"
    "_walctl()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} at=$((COMP_CWORD - 1)) command= options= words=\n"
    "    [ \"$cur\" != = ] || { cur= at=$((at + 1)); }\n"
    "    [ \"${COMP_WORDS[at]}\" != = ] || at=$((at - 1)) # --option=value comes in three words\n"
    "    local prev=${COMP_WORDS[at]}\n"
    "    COMPREPLY=()\n"
    "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n";
static const char middle[] = "        return\n"
                             "    fi\n"
                             "    command=${COMP_WORDS[1]}\n"
                             "    case $command in\n";
static const char tail[] = "    esac\n"
                           "    if [ \"${cur:0:1}\" = - ] && [ \"$words\" != nothing ]; then\n"
                           "        words=$options\n"
                           "    fi\n"
                           "    case $words in\n"
                           "    nothing) compopt +o default +o bashdefault ;;\n"
                           "    folder) compopt -o dirnames +o default +o bashdefault ;;\n"
                           "    file) ;;\n"
                           "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
                           "    esac\n"
                           "    [[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace\n"
                           "}\n"
                           "complete -o bashdefault -o default -F _walctl walctl\n";

static void put_words(enum complete_kind kind, const char *value)
{
    static const char *const names[] = {
        [COMPLETE_NOTHING] = "nothing", [COMPLETE_FOLDER] = "folder", [COMPLETE_FILE] = "file"};

    fputs("words='", stdout);
    if (kind < sizeof names / sizeof *names && names[kind])
        fputs(names[kind], stdout);
    else
        complete_words(kind, value);
    putchar('\'');
}

static void put_name(void *ctx, const struct arg *a)
{
    const char **blank = ctx;

    if (a->letter)
        printf("%s-%c", *blank, a->letter);
    printf("%s--%s", a->letter ? " " : *blank, a->name);
    *blank = " ";
}

static void put_value(void *ctx, const struct arg *a)
{
    (void)ctx;
    if (!a->value)
        return;
    if (a->letter)
        printf("        -%c | --%s) ", a->letter, a->name);
    else
        printf("        --%s) ", a->name);
    put_words(complete_kind_of(a->value), a->value);
    fputs(" ;;\n", stdout);
}

/* Which operand it is isn't counted: the last one stands for all. */
static void put_operands(const struct command *c)
{
    struct complete_operand o = {.kind = COMPLETE_NOTHING};

    for (int k = 0; complete_operand(c, k, &o);)
        k++;
    if (o.kind == COMPLETE_NOTHING) /* numbers behind a log */
        o.kind = COMPLETE_FOLDER;
    fputs("        *) ", stdout);
    put_words(o.kind, o.name);
    fputs(" ;;\n", stdout);
}

static void put_command(const struct command *c)
{
    const char *blank = "";

    fputs("    ", stdout);
    complete_names(c, '|');
    fputs(")\n        options='", stdout);
    args_each(c, put_name, &blank);
    fputs("'\n        case $prev in\n", stdout);
    args_each(c, put_value, NULL);
    put_operands(c);
    fputs("        esac\n        ;;\n", stdout);
}

void complete_bash(void)
{
    fputs(head, stdout);
    fputs("        COMPREPLY=($(compgen -W '", stdout);
    for (const struct command *const *c = commands; *c; c++)
        printf(c == commands ? "%s" : " %s", (*c)->name);
    fputs(" --help --version' -- \"$cur\"))\n", stdout);
    fputs(middle, stdout);
    for (const struct command *const *c = commands; *c; c++)
        put_command(*c);
    fputs(tail, stdout);
}
