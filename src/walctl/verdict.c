/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/verdict.h"

#include <stdio.h>

#include "walctl/color.h"
#include "walctl/message.h"

enum verdict verdict_of(const wal_recovery_t *r, bool in_use)
{
    if (r->verdict != WAL_RECOVERY_TORN && r->verdict != WAL_RECOVERY_AMBIGUOUS)
        return VERDICT_CLEAN;
    if (in_use)
        return VERDICT_IN_USE;
    return r->verdict == WAL_RECOVERY_TORN ? VERDICT_TORN : VERDICT_AMBIGUOUS;
}

enum verdict verdict_of_verify(const wal_verify_t *v)
{
    return v->verdict == WAL_RECOVERY_DAMAGED     ? VERDICT_DAMAGED
           : v->verdict == WAL_RECOVERY_TORN      ? VERDICT_TORN
           : v->verdict == WAL_RECOVERY_AMBIGUOUS ? VERDICT_AMBIGUOUS
                                                  : VERDICT_CLEAN;
}

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = {"clean", "in use", "torn", "ambiguous", "damaged"};
    return names[v];
}

void verdict_print(enum verdict v)
{
    printf("%s%s%s", color(v >= VERDICT_TORN ? COLOR_BAD : COLOR_GOOD), verdict_name(v),
           color(COLOR_OFF));
}

int verdict_code(enum verdict v)
{
    return v == VERDICT_DAMAGED                          ? CODE_CORRUPT
           : v == VERDICT_TORN || v == VERDICT_AMBIGUOUS ? CODE_TORN
                                                         : CODE_FINE;
}
