/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the command line: how a command declares them, and how they are parsed (getopt_long:
 * anywhere between the operands, "--" ends them, long ones may be shortened). */
#ifndef WALCTL_ARGS_H
#define WALCTL_ARGS_H

#include <stdbool.h>
#include <stdint.h>

struct command;

/* An option. Its `take` stores the value at `to`, or wherever it likes, and returns CODE_FINE; or
 * says what is wrong with it and returns CODE_USAGE. */
struct arg {
    const char *name;  /* the long one; NULL behind the last one of a list */
    int letter;        /* 0: none */
    const char *value; /* what help calls the value; NULL: it takes none */
    const char *help;  /* may have several lines */
    int (*take)(const struct arg *a, const char *value);
    void *to;
};

/* A number that may be given or not. */
struct given {
    bool is;
    uint64_t value;
};

int take_flag(const struct arg *a, const char *value);   /* to: bool */
int take_text(const struct arg *a, const char *value);   /* to: const char * */
int take_lsn(const struct arg *a, const char *value);    /* to: struct given; 1 .. 2^64-2 */
int take_number(const struct arg *a, const char *value); /* to: struct given; 0 .. 2^64-1 */
int take_count(const struct arg *a, const char *value);  /* to: struct given; 1 .. 2^64-1 */
int take_type(const struct arg *a, const char *value);   /* to: struct given; 0 .. 65535 */
/* One of the words that a->value lists with | between them; to: int, which of them, from 0. */
int take_word(const struct arg *a, const char *value);

/* Decimal digits and nothing else; false where it is none, or above the limit. */
bool number_parse(const char *text, uint64_t most, uint64_t *ret);

/* Parses argv[1 .. argc-1], which it puts in order: operands last. *ret_n of them are at
 * *ret_operands. *ret_help: only help is wanted. CODE_FINE or CODE_USAGE. */
int args_parse(const struct command *c, int argc, char **argv, bool *ret_help, char ***ret_operands,
               int *ret_n);
/* Each of the command's options, --help as the last one. */
void args_each(const struct command *c, void (*fn)(void *ctx, const struct arg *a), void *ctx);
/* The command's help, on stdout. */
void args_help(const struct command *c);

#endif
