#include "walctl/import.h"

#include "walctl/message.h"
#include "walctl/progress.h"

int import_commit(struct import *i)
{
    uint64_t first, last, n = wal_batch_count(i->batch);

    if (wal_batch_commit(i->batch, WAL_APPEND_ASYNC, &first, &last) < 0)
        return failure();
    i->first = i->first ? i->first : first;
    i->last = last;
    i->records += n;
    i->batches++;
    progress_at(input_offset(&i->in));
    return CODE_FINE;
}
