/* SPDX-License-Identifier: Apache-2.0 */
#include "api/options.h"

#include <stdlib.h>
#include <string.h>

#include "api/option.h"
#include "api/sized.h"
#include "base/fault.h"
#include "log/event.h"
#include "segment/cipher.h"

#define CIPHER_SIZE SIZE_UP_TO(wal_cipher_t, release)

/* A group is decoded as a whole for any record in it. */
enum { ENCODED_GROUP_BYTES = 64 * 1024 };

struct wal_options {
    uint64_t values[OPTION_LAST + 1]; /* by number; the first is unused */
    bool has_group_bytes;             /* it was set: encoding doesn't change it */
    struct alloc alloc;
    bool has_label;
    uint8_t label[SEGMENT_LABEL_BYTES];
    struct wal_lock *lock; /* lent by the caller, NULL: none */
    const struct os *os;   /* NULL: os_posix() */
    uint32_t event_mask;
    wal_event_fn event_fn; /* NULL: none */
    void *event_ctx;
    bool has_machine;
    wal_machine_t machine;
    struct cipher *cipher; /* NULL: none */
};

static void set_defaults(struct wal_options *o)
{
    *o = (struct wal_options){.alloc = alloc_default};
    for (uint32_t number = 1; number <= OPTION_LAST; number++)
        o->values[number] = option_at(number)->standard;
}

int wal_options_new(wal_options_t **ret)
{
    struct wal_options *o;

    if (ret == NULL)
        return fault(WAL_E_INVAL, "ret is NULL");
    o = malloc(sizeof(*o));
    if (o == NULL)
        return fault_nomem();
    set_defaults(o);
    *ret = o;
    return 0;
}

void wal_options_free(wal_options_t *o)
{
    if (o != NULL)
        cipher_unref(o->cipher);
    free(o);
}

int wal_options_set(wal_options_t *o, uint32_t option, uint64_t value)
{
    const struct option *known = option_at(option);
    int code;

    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    if (known == NULL)
        return fault(WAL_E_INVAL, "no option has the number %u", option);
    code = option_check(known, value);
    if (code < 0)
        return code;
    o->values[option] = value;
    o->has_group_bytes |= option == WAL_OPT_GROUP_BYTES;
    return 0;
}

int wal_options_get(const wal_options_t *o, uint32_t option, uint64_t *ret)
{
    if (o == NULL || ret == NULL)
        return fault(WAL_E_INVAL, "%s NULL", o == NULL ? "options are" : "ret is");
    if (option_at(option) == NULL)
        return fault(WAL_E_INVAL, "no option has the number %u", option);
    *ret = o->values[option];
    return 0;
}

int wal_options_set_string(wal_options_t *o, const char *name, const char *value)
{
    uint32_t option;
    uint64_t number;
    int code;

    if (o == NULL || name == NULL || value == NULL)
        return fault(WAL_E_INVAL, "options, name or value are NULL");
    option = option_find(name);
    if (option == 0)
        return fault(WAL_E_INVAL, "no option has the name '%.60s'", name);
    code = option_parse(option_at(option), value, &number);
    if (code < 0)
        return code;
    return wal_options_set(o, option, number);
}

const char *wal_option_name(uint32_t option)
{
    const struct option *known = option_at(option);

    return known != NULL ? known->name : NULL;
}

uint32_t wal_option_by_name(const char *name)
{
    return name != NULL ? option_find(name) : 0;
}

int wal_options_set_allocator(wal_options_t *o, const wal_allocator_t *allocator)
{
    if (o == NULL || allocator == NULL)
        return fault(WAL_E_INVAL, "options or allocator are NULL");
    if (!sized_right(allocator, SIZE_UP_TO(wal_allocator_t, release)))
        return fault(WAL_E_INVAL, "allocator: size is %u, version 1.0's is %zu", allocator->size,
                     SIZE_UP_TO(wal_allocator_t, release));
    if (allocator->reserved != 0)
        return fault(WAL_E_INVAL, "allocator: reserved is %u, not 0", allocator->reserved);
    if (allocator->alloc == NULL || allocator->resize == NULL || allocator->release == NULL)
        return fault(WAL_E_INVAL, "allocator: alloc, resize or release is NULL");
    o->alloc =
        (struct alloc){allocator->ctx, allocator->alloc, allocator->resize, allocator->release};
    return 0;
}

int wal_options_set_lock(wal_options_t *o, wal_lock_t *lock)
{
    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    o->lock = lock;
    return 0;
}

int wal_options_set_label(wal_options_t *o, const void *data, size_t size)
{
    if (o == NULL || (data == NULL && size > 0))
        return fault(WAL_E_INVAL, "%s NULL", o == NULL ? "options are" : "label: data is");
    if (size > sizeof(o->label))
        return fault(WAL_E_TOOBIG, "a label of %zu bytes, at most %zu are possible", size,
                     sizeof(o->label));
    memset(o->label, 0, sizeof(o->label));
    if (size > 0)
        memcpy(o->label, data, size);
    o->has_label = true;
    return 0;
}

int wal_options_set_events(wal_options_t *o, uint32_t mask, wal_event_fn fn, void *ctx)
{
    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    if (mask & ~(uint32_t)EVENT_KINDS)
        return fault(WAL_E_INVAL, "unknown kinds of events 0x%x", mask);
    if ((mask == 0) != (fn == NULL))
        return fault(WAL_E_INVAL, "%s", fn == NULL ? "fn is NULL" : "no kind of event is named");
    o->event_mask = mask;
    o->event_fn = fn;
    o->event_ctx = ctx;
    return 0;
}

static bool is_machine(const wal_machine_t *m)
{
    return m->flags == 0 && m->apply != NULL && m->snapshot != NULL && m->restore != NULL;
}

int wal_options_set_machine(wal_options_t *o, const wal_machine_t *machine)
{
    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    if (machine != NULL && !sized_right(machine, SIZE_UP_TO(wal_machine_t, restore)))
        return fault(WAL_E_INVAL, "machine: size is %u, version 1.0's is %zu", machine->size,
                     SIZE_UP_TO(wal_machine_t, restore));
    if (machine != NULL && !is_machine(machine))
        return fault(WAL_E_INVAL, "machine: a function is NULL, or flags are not 0");
    o->has_machine = machine != NULL;
    if (machine != NULL)
        memcpy(&o->machine, machine, SIZE_UP_TO(wal_machine_t, restore));
    return 0;
}

static int check_cipher(const wal_cipher_t *c)
{
    if (!sized_right(c, CIPHER_SIZE))
        return fault(WAL_E_INVAL, "cipher: size is %u, version 1.0's is %zu", c->size, CIPHER_SIZE);
    if (c->id == 0 || c->id > UINT16_MAX)
        return fault(WAL_E_INVAL, "cipher: id is %u, not 1 to 65535", c->id);
    if (c->derive == NULL || c->seal == NULL || c->open == NULL)
        return fault(WAL_E_INVAL, "cipher: derive, seal or open is NULL");
    return 0;
}

int wal_options_set_cipher(wal_options_t *o, const wal_cipher_t *cipher, uint32_t key_id)
{
    wal_cipher_t known = {0};
    struct cipher *now = NULL;
    int code = 0;

    if (o == NULL)
        return fault(WAL_E_INVAL, "options are NULL");
    if (cipher != NULL)
        code = check_cipher(cipher);
    if (cipher != NULL && code == 0) {
        memcpy(&known, cipher, CIPHER_SIZE);
        code = cipher_new(&known, key_id, &now);
    }
    if (code < 0)
        return code;
    cipher_unref(o->cipher);
    o->cipher = now;
    return 0;
}

int wal_options_cipher(const wal_options_t *o, wal_cipher_t *ret, uint32_t *ret_key_id)
{
    if (o == NULL || ret == NULL)
        return fault(WAL_E_INVAL, "%s NULL", o == NULL ? "options are" : "ret is");
    if (o->cipher == NULL)
        return fault(WAL_E_NOTFOUND, "the options have no cipher");
    if (!sized_fill(ret, ret->size, &o->cipher->calls, sizeof(o->cipher->calls), CIPHER_SIZE))
        return fault(WAL_E_INVAL, "cipher: size is %u, version 1.0's is %zu", ret->size,
                     CIPHER_SIZE);
    if (ret_key_id != NULL)
        *ret_key_id = o->cipher->key_id;
    return 0;
}

void options_set_os(wal_options_t *o, const struct os *os)
{
    o->os = os;
}

static void resolve_values(const uint64_t *v, struct config *c)
{
    c->create = v[WAL_OPT_CREATE] != 0;
    c->exclusive = v[WAL_OPT_EXCLUSIVE] != 0;
    c->read_only = v[WAL_OPT_READ_ONLY] != 0;
    c->strict = v[WAL_OPT_STRICT] != 0;
    c->sync_mode = (uint32_t)v[WAL_OPT_SYNC];
    c->interval_ms = (uint32_t)v[WAL_OPT_INTERVAL_MS];
    c->interval_bytes = v[WAL_OPT_INTERVAL_BYTES];
    c->segment_bytes = v[WAL_OPT_SEGMENT_BYTES];
    c->segment_records = v[WAL_OPT_SEGMENT_RECORDS];
    c->max_record_bytes = (uint32_t)v[WAL_OPT_MAX_RECORD_BYTES];
    c->group_bytes = (uint32_t)v[WAL_OPT_GROUP_BYTES];
    c->pending_bytes = v[WAL_OPT_PENDING_BYTES];
    c->group_wait_us = (uint32_t)v[WAL_OPT_GROUP_WAIT_US];
    c->zero_ahead_bytes = v[WAL_OPT_ZERO_AHEAD_BYTES];
    c->direct_io = v[WAL_OPT_DIRECT_IO] != 0;
    c->index_bytes = v[WAL_OPT_INDEX_BYTES];
    c->first_lsn = v[WAL_OPT_FIRST_LSN];
    c->codec = (uint32_t)v[WAL_OPT_CODEC];
    c->codec_level = (uint32_t)v[WAL_OPT_CODEC_LEVEL];
    c->codec_min_bytes = (uint32_t)v[WAL_OPT_CODEC_MIN_BYTES];
    c->retain_bytes = v[WAL_OPT_RETAIN_BYTES];
    c->retain_segments = v[WAL_OPT_RETAIN_SEGMENTS];
    c->retain_age_ms = v[WAL_OPT_RETAIN_AGE_MS];
    c->retain_from_checkpoint = v[WAL_OPT_RETAIN_FROM_CHECKPOINT] != 0;
    c->pin_limit_bytes = v[WAL_OPT_PIN_LIMIT_BYTES];
    c->reserve_bytes = v[WAL_OPT_RESERVE_BYTES];
    c->file_mode = (uint32_t)v[WAL_OPT_FILE_MODE];
    c->dir_mode = (uint32_t)v[WAL_OPT_DIR_MODE];
    c->group_align = (uint32_t)v[WAL_OPT_GROUP_ALIGN];
    c->checkpoint_bytes = (uint32_t)v[WAL_OPT_CHECKPOINT_BYTES];
    c->slow_sync_us = v[WAL_OPT_SLOW_SYNC_US];
    c->event_ring = (uint32_t)v[WAL_OPT_EVENT_RING];
    c->read_threads = (uint32_t)v[WAL_OPT_READ_THREADS];
    c->background = v[WAL_OPT_BACKGROUND] != 0;
}

void options_resolve(const wal_options_t *o, struct config *ret)
{
    struct wal_options defaults;
    struct config c = {0};

    if (o == NULL) {
        set_defaults(&defaults);
        o = &defaults;
    }
    resolve_values(o->values, &c);
    c.alloc = o->alloc;
    c.has_label = o->has_label;
    memcpy(c.label, o->label, sizeof(c.label));
    c.lock = o->lock;
    c.event_mask = o->event_mask;
    c.event_fn = o->event_fn;
    c.event_ctx = o->event_ctx;
    c.has_machine = o->has_machine;
    c.machine = o->machine;
    c.cipher = o->cipher;
    if (!o->has_group_bytes && (c.codec || c.cipher))
        c.group_bytes = ENCODED_GROUP_BYTES;
    c.os = o->os != NULL ? o->os : os_posix();
    config_adjust(&c);
    *ret = c;
}
