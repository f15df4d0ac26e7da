/* SPDX-License-Identifier: Apache-2.0 */
/* Zeros ahead of the end, so that a durable append changes neither the file's size nor its block
 * mapping (2.1 to 2.4 times as slow on ext4). The background thread writes them where the log has
 * one; else the leader does, in a sync that happens anyway. Large commits go without: the zeros
 * would be as many bytes again, which costs more than the journal does. */
#ifndef WAL_LOG_ZEROS_H
#define WAL_LOG_ZEROS_H

#include "log/log.h"

/* How far ahead this log writes zeros: 0 where appends don't wait for syncs. */
uint64_t zeros_ahead(const struct wal *w);
/* What a new segment's file has of them beforehand. */
uint64_t zeros_prepared(const struct wal *w);
/* With the write turn, before `bytes` are written: a background write of zeros that they would run
 * into is waited for, and where there are none ahead, some are written now, unless the commit is
 * large. */
void zeros_before_put(struct wal *w, uint64_t bytes);
/* Under mu, after a commit: asks the background thread for more, and for the next segment. */
void zeros_ask(struct wal *w);
/* Under mu: waits until the background thread is at neither. */
void zeros_wait(struct wal *w);
/* The background thread's share. Under mu; returns whether there was something to do. */
bool zeros_work(struct wal *w);

#endif
