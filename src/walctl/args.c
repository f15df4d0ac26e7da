/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/args.h"

#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "walctl/command.h"
#include "walctl/message.h"

enum { ARGS_MAX = 32, LETTERS_MAX = 2 * ARGS_MAX + 1, FIRST_LONG = 256, HELP_COLUMN = 28 };

static bool want_help;
static const struct arg help_args[] = {
    {"help", 'h', NULL, "show this help and exit", take_flag, &want_help}, {0}};

int take_flag(const struct arg *a, const char *value)
{
    (void)value;
    *(bool *)a->to = true;
    return CODE_FINE;
}

int take_text(const struct arg *a, const char *value)
{
    *(const char **)a->to = value;
    return CODE_FINE;
}

bool number_parse(const char *text, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (digit > most || value > (most - digit) / 10)
            return false;
        value = 10 * value + digit;
    }
    if (at == text || *at)
        return false;
    *ret = value;
    return true;
}

static int take_between(const struct arg *a, const char *value, const char *what, uint64_t least,
                        uint64_t most)
{
    struct given *to = a->to;

    if (!number_parse(value, most, &to->value) || to->value < least)
        return usage_error("--%s: '%s' is no %s (%llu to %llu)", a->name, value, what,
                           (unsigned long long)least, (unsigned long long)most);
    to->is = true;
    return CODE_FINE;
}

int take_lsn(const struct arg *a, const char *value)
{
    return take_between(a, value, "LSN", 1, UINT64_MAX - 1);
}

int take_number(const struct arg *a, const char *value)
{
    return take_between(a, value, "number", 0, UINT64_MAX);
}

int take_count(const struct arg *a, const char *value)
{
    return take_between(a, value, "number", 1, UINT64_MAX);
}

int take_type(const struct arg *a, const char *value)
{
    return take_between(a, value, "record type", 0, UINT16_MAX);
}

int take_word(const struct arg *a, const char *value)
{
    size_t size = strlen(value);
    int which = 0;

    for (const char *word = a->value; word; which++) {
        const char *end = strchrnul(word, '|');
        if ((size_t)(end - word) == size && memcmp(word, value, size) == 0) {
            *(int *)a->to = which;
            return CODE_FINE;
        }
        word = *end ? end + 1 : NULL;
    }
    return usage_error("--%s: '%s' is not %s", a->name, value, a->value);
}

/* What getopt_long wants to know, and which option each of its answers stands for. */
struct known {
    struct option options[ARGS_MAX + 1];
    const struct arg *args[ARGS_MAX];
    char letters[LETTERS_MAX];
    int n;
};

static void know_list(struct known *k, const struct arg *list)
{
    char *end = k->letters + strlen(k->letters);

    for (; list->name && k->n < ARGS_MAX; list++, k->n++) {
        k->args[k->n] = list;
        k->options[k->n] = (struct option){.name = list->name,
                                           .has_arg = list->value ? required_argument : no_argument,
                                           .val = FIRST_LONG + k->n};
        if (list->letter) {
            *end++ = (char)list->letter;
            if (list->value)
                *end++ = ':';
        }
    }
    *end = '\0';
}

static const struct arg *known_by(const struct known *k, int answer)
{
    if (answer >= FIRST_LONG)
        return k->args[answer - FIRST_LONG];
    int i = 0;
    while (k->args[i]->letter != answer)
        i++;
    return k->args[i];
}

static int check_operands(const struct command *c, char **operands, int n)
{
    if (n < c->least)
        return usage_error("an operand is missing: walctl %s %s", c->name, c->operands);
    if (n > c->most)
        return usage_error("one operand too many: '%s'", operands[c->most]);
    for (int k = 0; k < n; k++)
        if (!operands[k][0])
            return usage_error("an operand is empty: walctl %s %s", c->name, c->operands);
    return CODE_FINE;
}

int args_parse(const struct command *c, int argc, char **argv, bool *ret_help, char ***ret_operands,
               int *ret_n)
{
    struct known k = {0};
    int answer, code = CODE_FINE;

    for (const struct arg *const *list = c->args; *list; list++)
        know_list(&k, *list);
    know_list(&k, help_args);
    while ((answer = getopt_long(argc, argv, k.letters, k.options, NULL)) != -1) {
        if (answer == '?')
            return usage_hint(); /* getopt has named it */
        const struct arg *a = known_by(&k, answer);
        code = a->take(a, optarg);
        if (code != CODE_FINE)
            return code;
    }
    *ret_help = want_help;
    *ret_operands = argv + optind;
    *ret_n = argc - optind;
    return want_help ? CODE_FINE : check_operands(c, *ret_operands, *ret_n);
}

void args_each(const struct command *c, void (*fn)(void *ctx, const struct arg *a), void *ctx)
{
    for (const struct arg *const *list = c->args; *list; list++)
        for (const struct arg *a = *list; a->name; a++)
            fn(ctx, a);
    fn(ctx, help_args);
}

static void help_line(void *ctx, const struct arg *a)
{
    (void)ctx;
    char left[64];
    const char *rest = a->help, *end;

    int n = a->letter ? snprintf(left, sizeof left, "-%c, --%s", a->letter, a->name)
                      : snprintf(left, sizeof left, "    --%s", a->name);
    if (a->value)
        snprintf(left + n, sizeof left - (size_t)n, " %s", a->value);
    printf("  %-*s", HELP_COLUMN, left);
    if (strlen(left) > HELP_COLUMN - 2)
        printf("\n  %*s", HELP_COLUMN, "");
    while ((end = strchr(rest, '\n'))) {
        printf("%.*s\n  %*s", (int)(end - rest), rest, HELP_COLUMN, "");
        rest = end + 1;
    }
    printf("%s\n", rest);
}

void args_help(const struct command *c)
{
    printf("Usage: walctl %s [OPTION]... %s\n", c->name, c->operands);
    if (c->alias)
        printf("       walctl %s ...\n", c->alias);
    printf("\n%s\nOptions:\n", c->about);
    args_each(c, help_line, NULL);
    if (c->examples)
        printf("\nExamples:\n%s", c->examples);
}
