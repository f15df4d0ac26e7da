/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/option.h"
#include "base/fault.h"

enum { VALUE_TEXT = 24 /* any 64-bit number, decimal or octal, and its 0 */ };

/* What of a caller's text goes into an error, so that the rest of it still fits. */
#define SHOWN "%.40s"

static void write_value(char text[VALUE_TEXT], const struct option *o, uint64_t value)
{
    snprintf(text, VALUE_TEXT, o->kind == OPTION_OCTAL ? "0%" PRIo64 : "%" PRIu64, value);
}

static int refuse(const struct option *o, const char *given)
{
    char least[VALUE_TEXT], most[VALUE_TEXT];

    if (o->choice != NULL)
        return fault(WAL_E_INVAL, "option %s: " SHOWN " is not %s", o->name, given, o->choice);
    write_value(least, o, o->least);
    write_value(most, o, o->most);
    return fault(WAL_E_INVAL, "option %s: " SHOWN " is outside %s .. %s", o->name, given, least,
                 most);
}

int option_check(const struct option *o, uint64_t value)
{
    char given[VALUE_TEXT];

    if (value >= o->least && value <= o->most && (o->fits == NULL || o->fits(value)))
        return 0;
    write_value(given, o, value);
    return refuse(o, given);
}

static bool find_word(const struct option *o, const char *text, uint64_t *ret)
{
    for (uint64_t value = o->least; o->kind == OPTION_WORD && value <= o->most; value++)
        if (strcmp(o->words[value], text) == 0) {
            *ret = value;
            return true;
        }
    return false;
}

/* What a number is multiplied with; 0: that is no suffix. */
static uint64_t factor_of(const struct option *o, const char *suffix)
{
    static const char units[] = "KMG";
    const char *unit;

    if (suffix[0] == '\0')
        return 1;
    unit = strchr(units, suffix[0]);
    if (o->kind != OPTION_BYTES || unit == NULL || suffix[1] != '\0')
        return 0;
    return UINT64_C(1) << (10 * (unit - units + 1));
}

static const char *form_of(const struct option *o)
{
    if (o->choice != NULL)
        return o->choice;
    if (o->kind == OPTION_OCTAL)
        return "a number of octal digits";
    if (o->kind == OPTION_BYTES)
        return "a number of decimal digits, with K, M, G or nothing behind it";
    return "a number of decimal digits";
}

int option_parse(const struct option *o, const char *text, uint64_t *ret)
{
    unsigned base = o->kind == OPTION_OCTAL ? 8 : 10;
    const char *at = text;
    uint64_t value = 0, factor;
    bool overflow = false;

    if (find_word(o, text, ret))
        return 0;
    for (; *at >= '0' && *at < (char)('0' + base); at++)
        overflow |= __builtin_mul_overflow(value, base, &value) ||
                    __builtin_add_overflow(value, (unsigned)(*at - '0'), &value);
    factor = factor_of(o, at);
    if (at == text || factor == 0)
        return fault(WAL_E_INVAL, "option %s: '" SHOWN "' is not %s", o->name, text, form_of(o));
    if (__builtin_mul_overflow(value, factor, &value) || overflow)
        return refuse(o, text);
    *ret = value;
    return 0;
}
