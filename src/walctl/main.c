/* SPDX-License-Identifier: Apache-2.0 */
/* walctl: looks into logs, and changes them. It knows no more of them than any program that uses
 * libwal. */
#include <libwal/wal.h>

#include <stdio.h>
#include <string.h>

#include "walctl/command.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/overview.h"
#include "walctl/signals.h"

static int run_command(const struct command *c, int argc, char **argv)
{
    bool help;
    char **operands;
    int n;

    message_command(c->name);
    argv[0] = (char *)"walctl"; /* as getopt names it */
    int code = args_parse(c, argc, argv, &help, &operands, &n);
    if (code != CODE_FINE)
        return code;
    if (help) {
        args_help(c);
        return CODE_FINE;
    }
    code = open_ready();
    return code == CODE_FINE ? c->run(operands, n) : code;
}

static int run(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR) < 0)
        return failure();
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        overview_print();
        return CODE_FINE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("walctl (libwal) %s\n", wal_version());
        return CODE_FINE;
    }
    const struct command *c = command_find(name);
    if (c)
        return run_command(c, argc - 1, argv + 1);
    return argc < 2 ? usage_error("a command is missing")
                    : usage_error("there is no command '%s'", name);
}

int main(int argc, char **argv)
{
    out_prepare();
    int code = out_close(run(argc, argv));
    signals_die();
    return code;
}
