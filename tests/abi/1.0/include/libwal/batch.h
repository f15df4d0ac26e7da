/* Batches: records that are gathered first and go in together. Part of <libwal/wal.h>, which has
 * the rules that hold everywhere. */
#ifndef LIBWAL_BATCH_H
#define LIBWAL_BATCH_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* A new, empty batch; any number may be open at once. Nothing of it is in the log before commit.
 * What doesn't fit in memory goes to a file without a name in the log's directory. Freed by
 * wal_batch_free. Since 1.0. */
int wal_batch_new(wal_t *w, wal_batch_t **ret);
/* Adds a copy of one record. WAL_E_TOOBIG: the record is above MAX_RECORD_BYTES or the batch would
 * pass 4 GiB; WAL_E_INVAL: type above 65535; WAL_E_NOSPC, WAL_E_IO: spilling failed. The batch is
 * then as it was before. Since 1.0. */
int wal_batch_append(wal_batch_t *b, uint32_t type, const void *data, size_t size);
/* Number of records in the batch; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_count(const wal_batch_t *b);
/* Bytes of their payloads together; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_bytes(const wal_batch_t *b);
/* Appends the whole batch: after a crash all its records are there, or none; their LSNs are
 * *ret_first .. *ret_last. An empty one writes nothing, LSNs 0. After success it is empty and can
 * be filled again. After an error it keeps its records: commit again or abort; after WAL_E_INDOUBT
 * or WAL_E_FAILED only abort. Flags and errors as wal_append_typed. Since 1.0. */
int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last);
/* Throws the records away; the batch is empty and can be filled again. Since 1.0. */
int wal_batch_abort(wal_batch_t *b);
/* Throws records and batch away; NULL is allowed. Also after the log's close. Since 1.0. */
void wal_batch_free(wal_batch_t *b);

LIBWAL_END

#endif
