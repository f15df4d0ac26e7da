/* SPDX-License-Identifier: Apache-2.0 */
/* What verify and repair have found, and how they say it. */
#ifndef WALCTL_FINDINGS_H
#define WALCTL_FINDINGS_H

#include <libwal/wal.h>

#include "walctl/verdict.h"

struct findings {
    wal_verify_t v;
    wal_recovery_t recovery; /* of an open; zeros where there was none */
    enum verdict verdict;
};

/* As text or JSON. The exit code that it stands for. */
int findings_print(const struct findings *f);

#endif
