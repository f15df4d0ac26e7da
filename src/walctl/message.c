/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/message.h"

#include <libwal/wal.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walctl/escape.h"
#include "walctl/out.h"
#include "walctl/progress.h"

static const char *command_name;

void message_command(const char *name)
{
    command_name = name;
}

static void say(const char *format, va_list list) PRINTF_LIKE(1, 0);
static void say(const char *format, va_list list)
{
    char *text;

    out_flush(); /* what was printed before comes before */
    progress_hide();
    if (vasprintf(&text, format, list) < 0)
        return;
    fputs("walctl: ", stderr);
    escape_message(stderr, text);
    fputc('\n', stderr);
    free(text);
}

void message(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say(format, list);
    va_end(list);
}

int usage_error(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    say(format, list);
    va_end(list);
    return usage_hint();
}

int usage_hint(void)
{
    fprintf(stderr, "Try 'walctl %s%s--help'.\n", command_name ? command_name : "",
            command_name ? " " : "");
    return CODE_USAGE;
}

const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

int code_of(int error)
{
    switch (error) {
    case WAL_OK:
        return CODE_FINE;
    case WAL_E_CORRUPT:
        return CODE_CORRUPT;
    case WAL_E_TORN:
        return CODE_TORN;
    case WAL_E_LOCKED:
        return CODE_LOCKED;
    default:
        return CODE_FAILED;
    }
}

int failure(void)
{
    wal_error_t e = {.size = sizeof e};

    if (wal_last_error(&e, sizeof e) < 0)
        return CODE_FAILED;
    message("%s", e.message[0] ? e.message : wal_strerror(e.code));
    return code_of(e.code);
}
