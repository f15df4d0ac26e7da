/* SPDX-License-Identifier: Apache-2.0 */
/* The table of options: what each is called, what values it takes, how they are written. Constant.
 */
#ifndef WAL_API_OPTION_H
#define WAL_API_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include <libwal/wal.h>

#include "base/attr.h"

enum { OPTION_LAST = WAL_OPT_BACKGROUND }; /* numbers run from 1 without a gap */

enum option_kind {
    OPTION_NUMBER,
    OPTION_BYTES, /* a number, in strings with K, M or G */
    OPTION_FLAG,
    OPTION_WORD,  /* a number that has names */
    OPTION_OCTAL, /* permission bits */
};

struct option {
    const char *name;
    enum option_kind kind;
    uint64_t least, most, standard;
    const char *const *words;     /* of an OPTION_WORD: the name of each value */
    bool (*fits)(uint64_t value); /* NULL: every value from least to most does */
    const char *choice;           /* what a value has to be, where least and most don't say it */
};

/* NULL: no such option. */
const struct option *option_at(uint32_t number);
/* The number to a name; 0: no such option. */
uint32_t option_find(const char *name);

/* UNSUPPORTED, or INVAL for a value that the option doesn't take. Sets the fault. */
MUST_USE int option_check(const struct option *o, uint64_t value);
/* The number that `text` says; not yet checked. UNSUPPORTED, or INVAL where it isn't one, has
 * anything around it, or doesn't fit in 64 bits. Sets the fault. */
MUST_USE int option_parse(const struct option *o, const char *text, uint64_t *ret);

#endif
