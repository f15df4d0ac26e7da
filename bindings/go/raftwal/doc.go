// SPDX-License-Identifier: Apache-2.0

// Package raftwal keeps the log of github.com/hashicorp/raft in a libwal log: a [Store] is its
// LogStore and its StableStore, in one directory.
//
//	store, err := raftwal.Open(filepath.Join(dir, "raft.wal"))
//	if err != nil {
//		return err
//	}
//	defer store.Close() // after the raft node's Shutdown
//	if err := store.DropCovered(snapshots); err != nil {
//		return err
//	}
//	node, err := raft.NewRaft(config, fsm, store, store, snapshots, transport)
//
// # What is stored
//
// An entry is a record whose LSN is the entry's index. Its payload is, with numbers as in package
// encoding/binary's Uvarint:
//
//	version      1 byte: 1
//	Type         1 byte
//	Term         uvarint
//	AppendedAt   2 uvarints: seconds since the start of year 1 in UTC, nanoseconds
//	Extensions   uvarint: their length; then so many bytes
//	Data         all that is left
//
// Empty Data and Extensions come back as nil, AppendedAt as the same moment in UTC.
//
// A stable value is a metadata key of the log. The key "raftwal" holds what the store has to say
// about itself: the version of all this, one byte, 1, and the commit index, 8 bytes, the lowest
// first.
//
// # What holds after a crash
//
// All calls that change something are durable when they return, by one sync, and atomic: after a
// crash there are all logs of a StoreLogs or none, with the commit index that was staged for them.
//
// # Errors
//
// GetLog returns raft.ErrLogNotFound itself. All other errors wrap those of package wal, or are
// ErrGap. A call that failed has changed nothing that others see, and may be repeated, for instance
// when the disk was full (wal.ErrNoSpace). After wal.ErrInDoubt the store has failed: what is
// stored is only known at the next Open, and until then all changes are wal.ErrFailed.
package raftwal
