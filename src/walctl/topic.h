/* SPDX-License-Identifier: Apache-2.0 */
/* Help that belongs to no single command. */
#ifndef WALCTL_TOPIC_H
#define WALCTL_TOPIC_H

#include <stdbool.h>

struct topic {
    const char *name; /* NULL behind the last one */
    const char *summary;
    void (*print)(void);
};

extern const struct topic topics[];

/* False: there is no such topic. */
bool topic_print(const char *name);

#endif
