/* SPDX-License-Identifier: Apache-2.0 */
/* Colours of what is printed for people. */
#ifndef WALCTL_COLOR_H
#define WALCTL_COLOR_H

#include "walctl/args.h"

extern const struct arg color_args[]; /* --color */

enum color { COLOR_OFF, COLOR_LSN, COLOR_TYPE, COLOR_HEAD, COLOR_GOOD, COLOR_BAD };

/* What switches it on or off; "" where there are no colours. */
const char *color(enum color c);

#endif
