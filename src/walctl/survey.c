/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/survey.h"

#include "walctl/progress.h"

static unsigned bucket_of(uint64_t value)
{
    unsigned bucket = 0;

    for (; value > 0 && bucket < SURVEY_BUCKETS - 1; value >>= 1)
        bucket++;
    return bucket;
}

static void end_batch(struct survey *s)
{
    s->batches++;
    s->in_batch[bucket_of(s->open_batch)]++;
    if (s->open_batch > s->most_in_batch)
        s->most_in_batch = s->open_batch;
    s->open_batch = 0;
}

static void take(struct survey *s, const wal_record_t *r)
{
    if (s->records == 0 || r->data_size < s->least)
        s->least = r->data_size;
    if (r->data_size > s->most)
        s->most = r->data_size;
    s->first = s->first ? s->first : r->lsn;
    s->last = r->lsn;
    s->records++;
    s->bytes += r->data_size;
    s->sizes[bucket_of(r->data_size)]++;
    s->types[r->type]++;
    s->tagged += r->tag != NULL;
    s->open_batch++;
    if (r->flags & WAL_RECORD_BATCH_LAST)
        end_batch(s);
}

/* The front of a log in use may be cut away under the reader. */
static int next(wal_reader_t *r, wal_record_t *ret)
{
    int e = wal_reader_next(r, ret);

    while (e == WAL_E_TRIMMED && wal_reader_seek(r, 0) == 0)
        e = wal_reader_next(r, ret);
    return e;
}

int survey_run(wal_t *log, const char *name, struct survey *ret)
{
    wal_record_t record = {.size = sizeof record};
    uint64_t first, durable;
    wal_reader_t *r;

    int e = wal_range(log, &first, NULL, NULL, &durable);
    if (e < 0 || durable < first)
        return e;
    e = wal_reader_open(log, 0, 0, &r);
    if (e < 0)
        return e;
    progress_begin(name, durable - first + 1);
    while (ret->last < durable && (e = next(r, &record)) == 1) {
        take(ret, &record);
        progress_at(record.lsn - first + 1);
    }
    progress_end();
    wal_reader_close(r);
    return e < 0 ? e : 0;
}

uint64_t survey_types(const struct survey *s)
{
    uint64_t n = 0;

    for (unsigned t = 0; t < SURVEY_TYPES; t++)
        n += s->types[t] > 0;
    return n;
}
