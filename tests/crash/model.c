/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "crash/payload.h"
#include "crc/crc.h"

static uint32_t mark_of(uint32_t type, const void *data, size_t size)
{
    return crc_update(type, data, size);
}

static int apply(void *ctx, const wal_record_t *r)
{
    struct model *m = ctx;
    if (r->lsn != m->lsn + 1 && m->lsn != 0 && m->wrong[0] == 0)
        snprintf(m->wrong, sizeof m->wrong, "record %" PRIu64 " is applied behind %" PRIu64, r->lsn,
                 m->lsn);
    m->lsn = r->lsn;
    m->marks[r->lsn % MODEL_RECORDS] = mark_of(r->type, r->data, r->data_size);
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    const struct model *m = ctx;
    *ret_size = sizeof *m;
    if (cap < sizeof *m)
        return WAL_E_TOOBIG;
    memcpy(buf, m, sizeof *m);
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    struct model *m = ctx;
    if (size != sizeof *m)
        return 1;
    memcpy(m, state, sizeof *m);
    if (m->lsn != lsn)
        snprintf(m->wrong, sizeof m->wrong, "the state of %" PRIu64 " is said to be of %" PRIu64,
                 m->lsn, lsn);
    return 0;
}

void model_begin(struct model *m)
{
    memset(m, 0, sizeof *m);
}

wal_machine_t model_machine(struct model *m)
{
    return (wal_machine_t){.size = sizeof(wal_machine_t),
                           .ctx = m,
                           .apply = apply,
                           .snapshot = snapshot,
                           .restore = restore};
}

const char *model_check(struct model *m, const struct oracle *o, const struct view *v)
{
    static _Thread_local uint8_t payload[PAYLOAD_MAX];
    uint64_t id;

    if (m->wrong[0] == 0 && v->next > v->first && m->lsn != v->next - 1)
        snprintf(m->wrong, sizeof m->wrong, "the machine is at %" PRIu64 ", the log at %" PRIu64,
                 m->lsn, v->next - 1);
    for (uint64_t lsn = v->first; m->wrong[0] == 0 && lsn < v->next; lsn++) {
        if (lsn + MODEL_RECORDS <= v->next || !oracle_id(o, 0, lsn, &id))
            continue;
        payload_fill(id, payload);
        if (m->marks[lsn % MODEL_RECORDS] != mark_of(payload_type(id), payload, payload_size(id)))
            snprintf(m->wrong, sizeof m->wrong, "the machine has another record %" PRIu64, lsn);
    }
    return m->wrong[0] ? m->wrong : NULL;
}
