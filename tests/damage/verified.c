/* SPDX-License-Identifier: Apache-2.0 */
#include "verified.h"

#include <string.h>

void verified_ask(struct verified *v, const char *path, const wal_options_t *o)
{
    memset(v, 0, sizeof *v);
    v->code = wal_verify(path, o, NULL, NULL, &v->found, sizeof v->found);
    if (v->code < 0)
        wal_last_error(&v->error, sizeof v->error);
}

static const char *of_itself(const struct verified *v)
{
    const wal_verify_t *f = &v->found;
    bool right = v->code == 0 ? f->verdict == WAL_RECOVERY_CLEAN
                 : v->code == WAL_E_TORN
                     ? f->verdict == WAL_RECOVERY_TORN || f->verdict == WAL_RECOVERY_AMBIGUOUS
                 : v->code == WAL_E_CORRUPT ? f->verdict == WAL_RECOVERY_DAMAGED
                                            : v->code == WAL_E_VERSION;
    if (!right)
        return "verify: its verdict isn't what it returns";
    if (v->code != WAL_E_CORRUPT && f->gaps)
        return "verify: gaps without damage";
    if (v->code == WAL_E_CORRUPT &&
        !strstr(v->error.message, f->damaged_segment ? ".wal" : "control"))
        return "verify: damage without a name";
    return NULL;
}

/* What it finds right must be there for those who open the log. */
static const char *of_a_right_log(const struct verified *v, const struct seen *s)
{
    const wal_verify_t *f = &v->found;

    if (s->refused)
        return "verify finds no damage, open refuses";
    if (s->damage)
        return "verify finds no damage, reading does";
    if (!s->writing)
        return NULL;
    if ((v->code == 0) != (s->verdict == WAL_RECOVERY_CLEAN))
        return "verify and open don't agree on the end";
    uint64_t records = s->last >= s->first ? s->last - s->first + 1 : 0;
    if (f->records != records || (records && (f->first_lsn != s->first || f->last_lsn != s->last)))
        return "verify counts other records than there are";
    return NULL;
}

const char *verified_contradiction(const struct verified *v, const struct seen *s)
{
    const char *why = of_itself(v);

    if (why)
        return why;
    if (v->code == WAL_E_VERSION || s->refused == WAL_E_VERSION)
        return v->code == s->refused ? NULL : "verify and open don't agree on the version";
    return v->code == WAL_E_CORRUPT ? NULL : of_a_right_log(v, s);
}
