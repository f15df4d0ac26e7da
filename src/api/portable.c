/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "base/codes.h"
#include "base/fault.h"
#include "format/limits.h"
#include "format/portable.h"
#include "log/source.h"

static void write_form(struct source *s, void *buf, size_t size)
{
    struct cursor c = cursor_write(buf, size);
    struct source_record r;

    portable_begin(&c, (uint32_t)s->records);
    while (s->left > 0 && source_next(s, &r) == 0)
        portable_put(&c, &(struct portable_record){r.data, r.size, r.type});
    portable_end(&c);
}

int wal_encode(const wal_record_t *records, size_t n, void *buf, size_t cap, size_t *ret_size)
{
    struct source s;

    if (ret_size == NULL || (buf == NULL && cap > 0))
        return fault(WAL_E_INVAL, "%s is NULL", ret_size == NULL ? "ret_size" : "buf");
    int e = source_array(&s, records, n, RECORD_BYTES_MAX);
    if (e == WAL_E_TOOBIG)
        *ret_size = 0; /* no buffer is large enough */
    if (e < 0)
        return e;
    uint64_t size = portable_bytes(s.records, s.payload);
    *ret_size = (size_t)size;
    if (size > cap)
        return fault(WAL_E_TOOBIG, "the portable form has %llu bytes, the buffer %zu",
                     (unsigned long long)size, cap);
    write_form(&s, buf, (size_t)size);
    return 0;
}

static int hand_out(struct portable *p, wal_record_fn fn, void *ctx)
{
    struct portable_record r;
    int answer = 0;

    while (answer == 0 && portable_next(p, &r)) {
        wal_record_t record = {
            .size = sizeof(record), .type = r.type, .data = r.data, .data_size = r.size};
        answer = fn(ctx, &record);
    }
    return answer < 0 ? fault(WAL_E_CALLBACK, "the callback returned %d", answer) : 0;
}

int wal_decode(const void *buf, size_t size, wal_record_fn fn, void *ctx)
{
    struct portable p;

    if (fn == NULL || (buf == NULL && size > 0))
        return fault(WAL_E_INVAL, "%s is NULL", fn == NULL ? "fn" : "buf");
    switch (portable_check(&p, buf, size)) {
    case DECODED_RIGHT:
        return hand_out(&p, fn, ctx);
    case DECODED_NEWER:
        return fault(WAL_E_VERSION, "a portable form of a newer version");
    default:
        return fault(WAL_E_CORRUPT, "%zu bytes that are no portable form, or a damaged one", size);
    }
}
