/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/session.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "base/bytes.h"
#include "crash/look.h"
#include "crash/payload.h"

enum { KIB = 1024 };

#define SECTORS SIMDISK_TEAR_SECTORS
#define BYTES   SIMDISK_TEAR_BYTES
#define DATA    WAL_SYNC_DATA
#define NONE    WAL_SYNC_NONE

const struct setup setups[] = {
    {"data", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, false, 0},
    {"plain", WAL_SYNC_DATA, false, false, 64 * KIB, 0, false, 64, SECTORS, false, 0},
    {"lazy", WAL_SYNC_DATA, true, false, 64 * KIB, 64 * KIB, false, 64, BYTES, false, 0},
    {"align", WAL_SYNC_DATA, false, false, 64 * KIB, 4 * KIB, false, 4096, SECTORS, false, 0},
    {"full", WAL_SYNC_FULL, true, true, 64 * KIB, 16 * KIB, false, 512, SECTORS, false, 0},
    {"dsync", WAL_SYNC_DSYNC, true, true, 64 * KIB, 16 * KIB, false, 64, BYTES, false, 0},
    {"interval", WAL_SYNC_INTERVAL, true, false, 64 * KIB, 0, false, 64, SECTORS, false, 0},
    {"none", WAL_SYNC_NONE, false, false, 64 * KIB, 0, false, 64, BYTES, false, 0},
    {"large", WAL_SYNC_DATA, true, true, 1024 * KIB, 8 * KIB, true, 64, SECTORS, false, 0},
    {"largenone", WAL_SYNC_NONE, true, true, 1024 * KIB, 0, true, 64, SECTORS, false, 0},
    {"machine", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, true, 0},
    {"zlib", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, false, ZLIB},
    {"zlibnone", WAL_SYNC_NONE, false, false, 64 * KIB, 0, false, 64, BYTES, false, ZLIB},
    {"sealed", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, false, SEALED},
    {"sealedplain", WAL_SYNC_DATA, false, false, 64 * KIB, 0, false, 64, BYTES, false, SEALED},
    {"sealednone", WAL_SYNC_NONE, false, false, 64 * KIB, 0, false, 64, BYTES, false, SEALED},
    {"both", WAL_SYNC_DATA, false, false, 64 * KIB, 0, false, 64, SECTORS, false, ZLIB | SEALED},
    {"bothnone", WAL_SYNC_NONE, true, true, 64 * KIB, 0, false, 512, SECTORS, false, ZLIB | SEALED},
    {"bothdsync", WAL_SYNC_DSYNC, true, true, 64 * KIB, 16 * KIB, false, 64, BYTES, false,
     ZLIB | SEALED},
    {"direct", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, false, UNCACHED},
    {"directnone", WAL_SYNC_NONE, true, true, 64 * KIB, 0, false, 64, SECTORS, false, UNCACHED},
    {"directboth", WAL_SYNC_DSYNC, true, true, 64 * KIB, 16 * KIB, false, 64, SECTORS, false,
     ZLIB | SEALED | UNCACHED},
    {"bothalign", WAL_SYNC_DATA, true, false, 64 * KIB, 4 * KIB, false, 4096, SECTORS, false,
     ZLIB | SEALED},
    {"bothmachine", WAL_SYNC_DATA, true, true, 64 * KIB, 8 * KIB, false, 64, SECTORS, true,
     ZLIB | SEALED},
};
const uint32_t setup_count = sizeof setups / sizeof *setups;

const struct setup *setup_by_name(const char *name)
{
    for (uint32_t k = 0; k < setup_count; k++) {
        if (strcmp(setups[k].name, name) == 0)
            return &setups[k];
    }
    return NULL;
}

static void on_call(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    struct session *s = arg;
    void (*now)(struct session *) = s->during_sync;
    if (s->hook != NULL)
        s->hook(s->hook_arg, d, call, name);
    if (now == NULL || call != SIMDISK_SYNC || strstr(name, ".wal") == NULL)
        return;
    s->during_sync = NULL;
    now(s);
}

void session_init(struct session *s, const struct setup *setup, struct simdisk *d, struct oracle *o)
{
    simdisk_set_tear(d, setup->tear);
    *s = (struct session){
        .setup = *setup, .mode = setup->mode, .disk = d, .oracle = o, .next_number = 1};
    secrets_init(&s->secrets);
    simdisk_set_hook(d, on_call, s);
}

enum tried session_wrong(struct session *s, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->why, sizeof s->why, fmt, args);
    va_end(args);
    return TRIED_WRONG;
}

enum tried session_failed(struct session *s, const char *what, int code)
{
    wal_error_t e;
    if (wal_last_error(&e, sizeof e) < 0)
        e.message[0] = 0;
    s->code = code;
    bool refused = s->cipher_fails && code == WAL_E_CRYPTO;
    bool explained = s->faulty && (code == WAL_E_NOSPC || code == WAL_E_IO ||
                                   code == WAL_E_INDOUBT || code == WAL_E_FAILED || refused);
    snprintf(s->why, sizeof s->why, "%s: %s: %s", what, wal_error_name(code), e.message);
    return explained ? TRIED_ERROR : TRIED_WRONG;
}

static void set(wal_options_t *o, uint32_t option, uint64_t value)
{
    if (wal_options_set(o, option, value) == 0)
        return;
    fprintf(stderr, "option %s can't be %" PRIu64 "\n", wal_option_name(option), value);
    abort();
}

static void set_encodings(struct session *s, wal_options_t *o)
{
    const wal_cipher_t cipher = toy_cipher(&s->secrets.toy);

    set(o, WAL_OPT_CODEC, s->setup.encoded & ZLIB ? 1 : 0);
    set(o, WAL_OPT_CODEC_LEVEL, 1);
    set(o, WAL_OPT_CODEC_MIN_BYTES, 0);
    set(o, WAL_OPT_DIRECT_IO, s->setup.encoded & UNCACHED ? 1 : 0);
    if (s->setup.encoded & SEALED && wal_options_set_cipher(o, &cipher, 1) < 0)
        abort();
}

static wal_options_t *options_of(struct session *s, bool read_only)
{
    const struct setup *u = &s->setup;
    wal_options_t *o = NULL;
    bool background = u->background || s->mode == WAL_SYNC_INTERVAL;

    if (wal_options_new(&o) < 0)
        abort();
    set(o, WAL_OPT_SYNC, s->mode);
    set(o, WAL_OPT_READ_ONLY, read_only);
    set(o, WAL_OPT_SEGMENT_BYTES, u->segment_bytes);
    set(o, WAL_OPT_GROUP_BYTES, 64 * KIB);
    set(o, WAL_OPT_ZERO_AHEAD_BYTES, u->zero_ahead_bytes);
    set(o, WAL_OPT_MAX_RECORD_BYTES, PAYLOAD_MAX);
    set(o, WAL_OPT_PENDING_BYTES, 64 * KIB);
    set(o, WAL_OPT_BACKGROUND, background);
    set(o, WAL_OPT_GROUP_ALIGN, u->align);
    set_encodings(s, o);
    options_set_os(o, simdisk_os(s->disk));
    const wal_machine_t machine = model_machine(&s->model);
    if (u->machine && !read_only && wal_options_set_machine(o, &machine) < 0)
        abort();
    return o;
}

static int open_log(struct session *s, bool read_only, wal_t **ret)
{
    wal_options_t *o = options_of(s, read_only);
    int e = wal_open("/log", o, ret);
    wal_options_free(o);
    return e;
}

static enum tried check(struct session *s, const struct view *v, bool whole, uint32_t *ret_alt)
{
    char why[300];
    int alt = oracle_check(s->oracle, v, whole, why, sizeof why);
    if (alt < 0)
        return session_wrong(s, "%s", why);
    *ret_alt = (uint32_t)alt;
    return TRIED_OK;
}

static enum tried check_model(struct session *s, const struct view *v)
{
    const char *wrong = model_check(&s->model, s->oracle, v);
    return wrong ? session_wrong(s, "%s", wrong) : TRIED_OK;
}

enum tried session_open(struct session *s)
{
    struct view v;
    uint32_t alt = 0;

    model_begin(&s->model);
    int e = open_log(s, false, &s->log);
    if (e < 0)
        return session_failed(s, "open", e);
    enum tried t = look_at(s, s->log, LOOK_OPENED, &v);
    if (t == TRIED_OK)
        t = check(s, &v, false, &alt);
    if (t == TRIED_OK && v.durable != v.next - 1)
        t = session_wrong(s, "open shows up to LSN %" PRIu64 ", but durable is %" PRIu64,
                          v.next - 1, v.durable);
    if (t == TRIED_OK)
        oracle_collapse(s->oracle, &v, alt);
    if (t == TRIED_OK && s->setup.machine)
        t = check_model(s, &v);
    return t;
}

static enum tried shown(struct session *s, const struct view *v, bool killed)
{
    struct oracle *o = s->oracle;
    char why[300];

    if (oracle_seen(o, v, killed, why, sizeof why) < 0)
        return session_wrong(s, "%s", why);
    /* where nothing on the disk vouches for the newest metadata, a reader is shown older ones */
    if (o->metas == 2 && v->meta == o->meta[1] && (killed || v->meta != 0))
        oracle_meta_done(o);
    else if (killed && v->meta != o->meta[0])
        return session_wrong(s, "a reader is shown metadata %" PRIx64 ", expected %" PRIx64,
                             v->meta, o->meta[0]);
    return TRIED_OK;
}

enum tried session_follow(struct session *s, bool killed)
{
    wal_t *log = NULL;
    struct view v;

    int e = open_log(s, true, &log);
    if (e == WAL_E_NOTFOUND && !s->oracle->created)
        return TRIED_OK;
    if (e < 0)
        return session_failed(s, "read-only open", e);
    enum tried t = look_at(s, log, LOOK_FOLLOWED, &v);
    wal_close(log);
    return t == TRIED_OK ? shown(s, &v, killed) : t;
}

enum tried session_secrets(struct session *s, const struct simdisk *image)
{
    char name[64];

    if (s->secrets.twice)
        return session_wrong(s, "a nonce was used twice under one key");
    if (s->setup.encoded & SEALED && secrets_in_clear(image, name))
        return session_wrong(s, "%s has something in clear", name);
    return TRIED_OK;
}

enum tried session_show(struct session *s)
{
    struct view v;
    char why[300];
    enum tried t = look_at(s, s->log, LOOK_SHOWN, &v);
    if (t == TRIED_OK && oracle_seen(s->oracle, &v, false, why, sizeof why) < 0)
        t = session_wrong(s, "%s", why);
    return t;
}

enum tried session_close(struct session *s)
{
    uint64_t last = oracle_next(s->oracle) - 1;
    int e = wal_close(s->log);
    s->log = NULL;
    if (e < 0)
        return session_failed(s, "close", e);
    oracle_ack(s->oracle, last);
    return TRIED_OK;
}

void session_drop(struct session *s)
{
    wal_close(s->log);
    s->log = NULL;
}

enum tried session_look(struct session *s)
{
    struct view v;
    uint32_t alt;

    enum tried t = look_at(s, s->log, LOOK_LIVING, &v);
    return t == TRIED_OK ? check(s, &v, true, &alt) : t;
}

enum tried session_note(struct session *s, const char *what, uint64_t durable)
{
    uint64_t first, last, next, now;
    struct oracle *o = s->oracle;

    int e = wal_range(s->log, &first, &last, &next, &now);
    if (e < 0)
        return session_failed(s, "range", e);
    if (first != oracle_first(o) || next != oracle_next(o) || now >= next)
        return session_wrong(s,
                             "%s: range is %" PRIu64 " to below %" PRIu64 ", durable %" PRIu64
                             "; expected %" PRIu64 " to below %" PRIu64,
                             what, first, next, now, oracle_first(o), oracle_next(o));
    if (now < durable)
        return session_wrong(s,
                             "%s: LSN %" PRIu64 " is said to be durable, but durable is %" PRIu64,
                             what, durable, now);
    if (s->setup.machine && now > s->model.lsn && now >= first)
        return session_wrong(s, "%s: LSN %" PRIu64 " is durable, the machine is at LSN %" PRIu64,
                             what, now, s->model.lsn);
    oracle_ack(o, now);
    return TRIED_OK;
}
