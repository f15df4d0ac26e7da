/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/confirm.h"

#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "walctl/message.h"

static bool yes, dry_run;

const struct arg confirm_args[] = {
    {"dry-run", 0, NULL, "only say what would be removed", take_flag, &dry_run},
    {"yes", 'y', NULL, "don't ask", take_flag, &yes},
    {0}};

bool confirm_dry_run(void)
{
    return dry_run;
}

int confirm_check(void)
{
    if (!yes && !dry_run && !isatty(STDIN_FILENO))
        return usage_error("--yes is needed where nobody can be asked");
    return CODE_FINE;
}

bool confirm(void)
{
    char answer[16];

    if (yes)
        return true;
    fputs("Go on? [y/N] ", stderr);
    fflush(stderr);
    if (!fgets(answer, sizeof answer, stdin)) {
        fputc('\n', stderr);
        return false;
    }
    return strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0;
}
