/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/open.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "walctl/message.h"

enum { NAME_MAX_BYTES = 64 };

static wal_options_t *options; /* NULL: none was set yet; the process's end frees them */

static int need_options(void)
{
    return options || wal_options_new(&options) == 0 ? CODE_FINE : failure();
}

static int refused(void)
{
    wal_error_t e = {.size = sizeof e};

    wal_last_error(&e, sizeof e);
    return usage_error("%s", e.message);
}

int open_set(const char *name, const char *value)
{
    int code = need_options();
    if (code != CODE_FINE)
        return code;
    return wal_options_set_string(options, name, value) < 0 ? refused() : CODE_FINE;
}

int open_set_label(const char *label)
{
    int code = need_options();
    if (code != CODE_FINE)
        return code;
    return wal_options_set_label(options, label, strlen(label)) < 0 ? refused() : CODE_FINE;
}

static int take_option(const struct arg *a, const char *value)
{
    char name[NAME_MAX_BYTES];
    const char *sign = strchr(value, '=');

    if (!sign || (size_t)(sign - value) >= sizeof name)
        return usage_error("-%c: '%s' is not of the form NAME=VALUE", a->letter, value);
    snprintf(name, sizeof name, "%.*s", (int)(sign - value), value);
    return open_set(name, sign + 1);
}

const struct arg open_args[] = {{"option", 'O', "NAME=VALUE",
                                 "open the log with this option of the library\n"
                                 "('walctl help options' lists them)",
                                 take_option, NULL},
                                {0}};

uint64_t open_get(uint32_t option)
{
    uint64_t value = 0;
    if (need_options() == CODE_FINE && wal_options_get(options, option, &value) < 0)
        failure();
    return value;
}

int open_ready(void)
{
    int code = need_options();
    return code == CODE_FINE ? key_set(options) : code;
}

const wal_options_t *open_options(void)
{
    return options;
}

static int open_with(const char *dir, uint64_t read_only, wal_t **ret)
{
    int e = options ? 0 : wal_options_new(&options);
    if (e == 0)
        e = wal_options_set(options, WAL_OPT_READ_ONLY, read_only);
    return e == 0 ? wal_open(dir, options, ret) : e;
}

int open_try(const char *dir, wal_t **ret)
{
    return open_with(dir, 1, ret);
}

int open_read_only(const char *dir, wal_t **ret)
{
    return open_try(dir, ret) < 0 ? failure() : CODE_FINE;
}

int open_for_writing(const char *dir, bool create, wal_t **ret)
{
    wal_recovery_t r = {.size = sizeof r};
    int code = create ? CODE_FINE : open_set("create", "0");

    if (code != CODE_FINE)
        return code;
    if (open_with(dir, 0, ret) < 0)
        return failure();
    if (wal_recovery(*ret, &r, sizeof r) == 0 && r.verdict >= WAL_RECOVERY_TORN)
        message("a write that a crash had cut short was given up: %" PRIu64
                " bytes from offset %" PRIu64 " of segment %" PRIu64,
                r.discarded_bytes, r.cut_offset, r.cut_segment);
    return CODE_FINE;
}

int open_close(wal_t *log, int code)
{
    int e = wal_close(log);
    return e < 0 && code == CODE_FINE ? failure() : code;
}
