/* SPDX-License-Identifier: Apache-2.0 */
/* What a shell has to know to complete walctl's command lines, read off the same table that parses
 * them. */
#ifndef WALCTL_COMPLETE_H
#define WALCTL_COMPLETE_H

#include "walctl/command.h"

/* What stands for an option's value or an operand in the help tells what may be there. */
enum complete_kind {
    COMPLETE_NOTHING, /* a number, a text */
    COMPLETE_WORDS,   /* one of a few words */
    COMPLETE_SETTING, /* NAME=VALUE: an option of the library */
    COMPLETE_TOPIC,   /* a command or a topic of the help */
    COMPLETE_FOLDER,
    COMPLETE_FILE
};

struct complete_operand {
    char name[24];
    enum complete_kind kind;
    bool many; /* as often as one likes */
};

enum complete_kind complete_kind_of(const char *value);
/* The command's operand number k, from 0; false: it has none. */
bool complete_operand(const struct command *c, int k, struct complete_operand *ret);
/* Prints what may be there, with blanks between: COMPLETE_WORDS, SETTING (each with a = behind it),
 * TOPIC; else nothing. */
void complete_words(enum complete_kind kind, const char *value);
/* "cat dump", with the mark between the two. */
void complete_names(const struct command *c, char mark);
/* Prints the text on one line, with a backslash before each of the characters in `special`; a
 * single quote becomes `quote`. */
void complete_text(const char *text, const char *special, const char *quote);

void complete_bash(void);
void complete_zsh(void);
void complete_fish(void);

#endif
