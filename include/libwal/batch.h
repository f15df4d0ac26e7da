/* SPDX-License-Identifier: Apache-2.0 */
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
/* Adds n records from one buffer, as wal_append_packed takes them: all of them or, after an error,
 * none. n = 0: WAL_E_INVAL. Errors as wal_batch_append. Since 1.0. */
int wal_batch_append_packed(wal_batch_t *b, const void *payload, const uint32_t *sizes,
                            const uint16_t *types, size_t n);
/* Gives the batch a tag of up to 64 bytes (above: WAL_E_TOOBIG), in place of the one it had; size 0
 * takes it off. Readers show the tag with each record of the batch, and wal_last_tag tells it: a
 * place in a source, the id of a transaction. Commit and abort clear it. Since 1.0. */
int wal_batch_set_tag(wal_batch_t *b, const void *data, size_t size);
/* Sets a metadata key together with the batch's records, or removes it (value NULL, vlen 0): after
 * a crash both are there, or neither. Limits as wal_meta_set. Changes are made in the order of the
 * calls, on the map as it is at the commit: it is there that WAL_E_NOTFOUND says that a key to be
 * removed is missing and WAL_E_FULL that there would be more than 64 keys; the batch is then as it
 * was. This call gives WAL_E_NOTFOUND for a key that the batch itself has removed, and WAL_E_FULL
 * for changes of more than 128 keys. Commit and abort clear the changes. Since 1.0. */
int wal_batch_meta(wal_batch_t *b, const void *key, size_t klen, const void *value, size_t vlen);
/* Number of records in the batch; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_count(const wal_batch_t *b);
/* Bytes of their payloads together; 0 for NULL and in the child of a fork. Since 1.0. */
uint64_t wal_batch_bytes(const wal_batch_t *b);
/* Appends the whole batch: after a crash all its records are there, or none; their LSNs are
 * *ret_first .. *ret_last. An empty one writes nothing, LSNs 0, also when it has a tag. After
 * success it is empty and can be filled again. After an error it keeps its records, tag and
 * metadata: commit again or abort; after WAL_E_INDOUBT or WAL_E_FAILED only abort. Flags and errors
 * as wal_append_typed. A batch with metadata is durable when this returns, whatever mode and flags
 * say, as after wal_meta_set; wal_meta_get shows the new values from then on. It may be without
 * records: LSNs 0. Since 1.0. */
int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last);
/* wal_truncate_after(lsn) and the commit of the batch, with tag and metadata, in one atomic step,
 * durable when it returns. The records get lsn + 1 and on. Without records and metadata it only
 * truncates. WAL_E_RANGE: lsn below the first - 1; with records also at or above the next LSN.
 * Flags and errors as wal_batch_commit. Since 1.0. */
int wal_batch_replace_after(wal_batch_t *b, uint64_t lsn, uint32_t flags, uint64_t *ret_first,
                            uint64_t *ret_last);
/* Throws records, tag and metadata away; the batch is empty and can be filled again. Since 1.0. */
int wal_batch_abort(wal_batch_t *b);
/* Throws records and batch away; NULL is allowed. Also after the log's close. Since 1.0. */
void wal_batch_free(wal_batch_t *b);

/* Copies the tag of the newest tagged batch to buf (cap bytes); *ret_size is its size, 0 if there
 * never was one. Like wal_get it sees every batch that was committed through this handle, durable
 * or not; on a read-only one, the durable ones. A tag outlives records that go at the front. What
 * wal_truncate_after cuts off takes its tags along, and the newest one in front of the cut counts
 * again; a batch that is cut in part keeps its tag. wal_reset takes all. WAL_E_TOOBIG: cap too
 * small, *ret_size is the size needed; WAL_E_CORRUPT; WAL_E_IO. Since 1.0. */
int wal_last_tag(wal_t *w, void *buf, size_t cap, size_t *ret_size);

LIBWAL_END

#endif
