/* SPDX-License-Identifier: Apache-2.0 */
/* libwal: an embedded write-ahead log. A program hands it records, gets numbers (LSNs) back, and
 * after any crash gets back exactly the records that were acknowledged, in order. This header is
 * the manual of the C interface, version 1.
 *
 * Results. Functions return 0 or a negative WAL_E_ code; those that step through something return 1
 * (got one), 0 (end) or a negative code. Results come through ret_ pointers, which are written only
 * on success; a needed size beside WAL_E_TOOBIG is the one exception. ret_lsn, ret_first and
 * ret_last of writing functions and of wal_replay may be NULL. wal_last_error tells more about the
 * calling thread's last failure. Nothing here aborts, prints, changes errno or signal handlers.
 *
 * Codes that every function may give, and that are not repeated below: WAL_E_INVAL for a NULL
 * handle, a NULL pointer where one is needed, an unknown flag bit; WAL_E_NOMEM; WAL_E_FORK in the
 * child of a fork, from all but the freeing functions. Functions that write give WAL_E_READONLY on
 * a read-only log, WAL_E_FAILED on a failed one, WAL_E_CLOSED where the log is being closed.
 *
 * Failed log. A failed sync is final: each call that waits for it gets WAL_E_INDOUBT once, later
 * ones get WAL_E_FAILED, and wal_failure gives the cause. Reading and closing still work. The next
 * open decides by what is on the disk.
 *
 * Threads. Every function may be called from any thread at any time on the same wal_t, but for
 * these rules: a wal_options_t, wal_batch_t, wal_reader_t or wal_subscription_t is used by one
 * thread at a time (only wal_reader_interrupt may be called beside); nothing may be called on a
 * wal_t after wal_close has returned. Inside a callback of a log only wal_get, wal_meta_get,
 * wal_last_tag, wal_checkpoint_get, wal_segment_checkpoint, wal_stats, wal_last_error and the
 * getters (first, last, next and durable LSN, wal_range, wal_recovery, wal_failure,
 * wal_failure_error, wal_info, wal_segments, wal_histogram, wal_disk_bytes, wal_subscription_fd)
 * may be called on that log, inside those of wal_on_durable and of events also appends (not commits
 * of batches) with WAL_APPEND_ASYNC or WAL_APPEND_SUBMIT; anything else gives WAL_E_BUSY and does
 * nothing.
 *
 * Structs. Each starts with `size`, which the caller sets to sizeof in every struct that it hands
 * in or has filled; where a `size` parameter stands beside it, that one counts. In an array,
 * element 0's size is the stride. A size below that of version 1.0 is WAL_E_INVAL; where it is
 * above the library's, the rest is filled with zeros. Structs given to callbacks carry the
 * library's size. Structs grow at their end only.
 *
 * Callbacks get the caller's context pointer first. A result below 0 stops the operation, which
 * then returns WAL_E_CALLBACK; above 0 means what each function says. They run on the calling
 * thread without any lock of the library, those of wal_on_durable and of events on the thread that
 * caused them (see there).
 *
 * Memory handed out stays valid until the next call on the same object, or is freed by the function
 * named there. */
#ifndef LIBWAL_WAL_H
#define LIBWAL_WAL_H

#include <libwal/append.h>
#include <libwal/batch.h>
#include <libwal/checkpoint.h>
#include <libwal/cipher.h>
#include <libwal/error.h>
#include <libwal/event.h>
#include <libwal/info.h>
#include <libwal/machine.h>
#include <libwal/meta.h>
#include <libwal/offline.h>
#include <libwal/open.h>
#include <libwal/options.h>
#include <libwal/portable.h>
#include <libwal/read.h>
#include <libwal/truncate.h>
#include <libwal/types.h>

#endif
