/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/overview.h"

#include <stdio.h>

#include "walctl/command.h"
#include "walctl/topic.h"

void overview_print(void)
{
    puts("Usage: walctl COMMAND [OPTION]... LOG...\n"
         "       walctl COMMAND --help\n"
         "       walctl --version\n"
         "\n"
         "Looks into write-ahead logs of libwal and changes them. A LOG is a directory.\n"
         "\n"
         "Commands:");
    for (const struct command *const *c = commands; *c; c++)
        printf("  %-12s%s\n", (*c)->name, (*c)->summary);
    puts("\nTopics of 'walctl help':");
    for (const struct topic *t = topics; t->name; t++)
        printf("  %-12s%s\n", t->name, t->summary);
    puts("\n"
         "Exit codes:\n"
         "  0  fine\n"
         "  1  the operation failed\n"
         "  2  wrong usage\n"
         "  3  the log is damaged\n"
         "  4  the log's end is torn, nothing else is wrong (verify, or -O strict=1)\n"
         "  5  somebody else has the log open for writing");
}
