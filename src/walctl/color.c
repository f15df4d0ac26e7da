/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/color.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "walctl/out.h"

enum { AUTO, ALWAYS, NEVER };
static int when = AUTO;

const struct arg color_args[] = {{"color", 0, "auto|always|never",
                                  "auto (default): on a terminal, unless NO_COLOR is\nset",
                                  take_word, &when},
                                 {0}};

static bool wanted(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (when != AUTO)
        return when == ALWAYS;
    return out_is_terminal() && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

const char *color(enum color c)
{
    static const char *const codes[] = {
        [COLOR_OFF] = "\033[0m",  [COLOR_LSN] = "\033[33m",  [COLOR_TYPE] = "\033[36m",
        [COLOR_HEAD] = "\033[1m", [COLOR_GOOD] = "\033[32m", [COLOR_BAD] = "\033[31m"};
    static int on = -1;

    if (on < 0)
        on = wanted();
    return on ? codes[c] : "";
}
