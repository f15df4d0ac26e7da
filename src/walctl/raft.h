/* SPDX-License-Identifier: Apache-2.0 */
/* --decoder raft: the entries that the Go package raftwal stores, one line each. */
#ifndef WALCTL_RAFT_H
#define WALCTL_RAFT_H

#include <libwal/wal.h>

#include <stdbool.h>

#include "walctl/bytes.h"

/* Puts the entry's term, type and data behind what `to` has. false: the record is no entry, `to` is
 * as it was. */
bool raft_decode(const wal_record_t *record, struct bytes *to);

#endif
