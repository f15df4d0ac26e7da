// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"context"
	"fmt"
	"github.com/hashicorp/raft"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/raftwal"
	"github.com/libwal/libwal/bindings/go/raftwal/raftstoretest"
)

func openIn(dir string) (raftstoretest.Store, error) {
	return raftwal.Open(filepath.Join(dir, "log"))
}

func TestStore(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{Open: openIn, Dir: inMemory})
}

// Small segments, compression and little memory change nothing.
func TestStoreSmallSegments(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir: inMemory,
		Open: func(dir string) (raftstoretest.Store, error) {
			return raftwal.Open(filepath.Join(dir, "log"), wal.WithSegmentBytes(64<<10),
				wal.WithCodec(wal.CodecZlib, 1), wal.WithSegmentRecords(3))
		},
	})
}

func TestOneSyncEach(t *testing.T) {
	store, _ := newStore(t)
	check(t, store.StoreLogs(logs(1, 5, 1))) // begins a segment
	for _, call := range []func() error{
		func() error { return store.StoreLogs(logs(6, 6, 1)) },
		func() error { return store.StoreLogs(logs(7, 106, 1)) },
		func() error {
			check(t, store.StageCommitIndex(50))
			return store.StoreLogs(logs(107, 120, 1))
		},
		func() error { return store.SetUint64([]byte("CurrentTerm"), 2) },
	} {
		before := syncs(t, store)
		check(t, call())
		equal(t, syncs(t, store)-before, 1)
	}
	before := syncs(t, store)
	check(t, store.DeleteRange(1000, 2000))
	check(t, store.DeleteRange(5, 4))
	check(t, store.StoreLogs(nil))
	equal(t, syncs(t, store)-before, 0)
}

func TestReplaceSuffix(t *testing.T) {
	store, path := newStore(t)
	wants(t, store.ReplaceSuffix(logs(1, 2, 1)), raftwal.ErrGap)
	check(t, store.ReplaceSuffix(nil))
	check(t, store.StoreLogs(logs(1, 10, 1)))
	check(t, store.DeleteRange(1, 2))
	wants(t, store.ReplaceSuffix(logs(3, 4, 2)), raftwal.ErrGap)
	wants(t, store.ReplaceSuffix(logs(12, 12, 2)), raftwal.ErrGap)
	holds(t, store, 3, 10, never)
	check(t, store.StageCommitIndex(6))
	check(t, store.ReplaceSuffix(logs(6, 7, 2)))
	holds(t, store, 3, 7, 6)
	check(t, store.ReplaceSuffix(logs(8, 20, 2)))
	commitIndex(t, store, 6)
	check(t, store.Close())
	store = open(t, path)
	holds(t, store, 3, 20, 6)
	commitIndex(t, store, 6)
	check(t, store.Close())
}

// A commit index belongs to the logs that it came with.
func TestCommitIndexIsUsedUp(t *testing.T) {
	store, _ := newStore(t)
	check(t, store.StageCommitIndex(100))
	check(t, store.StoreLogs(logs(1, 5, 1)))
	commitIndex(t, store, 5)
	check(t, store.StoreLogs(logs(6, 10, 1)))
	commitIndex(t, store, 5)
	check(t, store.StageCommitIndex(9))
	wants(t, store.StoreLogs(logs(12, 13, 1)), raftwal.ErrGap)
	check(t, store.StoreLogs(logs(11, 12, 1)))
	commitIndex(t, store, 9)
	check(t, store.StageCommitIndex(3))
	check(t, store.StoreLogs(logs(13, 13, 1)))
	commitIndex(t, store, 3)
}

func TestOtherLogs(t *testing.T) {
	path := newPath(t)
	log, err := wal.Open(path)
	check(t, err)
	_, err = log.Append(context.Background(), []byte("something else"))
	check(t, err)
	check(t, log.Close())
	_, err = raftwal.Open(path)
	wants(t, err, wal.ErrInvalid)

	store, path := newStore(t)
	_, err = raftwal.Open(path)
	wants(t, err, wal.ErrLocked)
	check(t, store.StoreLogs(logs(1, 3, 1)))
	check(t, store.Close())
	wants(t, store.Close(), wal.ErrClosed)
	_, err = raftwal.Open(path, wal.WithReadOnly())
	wants(t, err, wal.ErrReadOnly)
	readOnly, err := wal.Open(path, wal.WithReadOnly())
	check(t, err)
	defer readOnly.Close()
	for record, err := range readOnly.Records(context.Background(), 1) {
		check(t, err)
		var log raft.Log
		check(t, raftwal.Decode(uint64(record.LSN), record.Data, &log))
		equal(t, string(log.Data), data(log.Index, 1))
	}
	for _, own := range []struct {
		value string
		want  error
	}{
		{"\x02 newer", wal.ErrVersion},
		{"", wal.ErrVersion},
		{"\x01", wal.ErrCorrupt},
	} {
		log, err := wal.Open(path)
		check(t, err)
		check(t, log.Meta().Set("raftwal", []byte(own.value)))
		check(t, log.Close())
		_, err = raftwal.Open(path)
		wants(t, err, own.want)
	}
}

// What raft hasn't deleted stays, whatever the options say.
func TestNoRetention(t *testing.T) {
	store, _ := newStore(t, wal.WithSegmentBytes(64<<10), wal.WithRetainBytes(1),
		wal.WithRetainSegments(1), wal.WithRetainAge(time.Millisecond),
		wal.WithRetainFromCheckpoint())
	for index := uint64(1); index < 5000; index += 500 {
		check(t, store.StoreLogs(logs(index, index+499, 1)))
	}
	holds(t, store, 1, 5000, never)
}

func TestStableLimits(t *testing.T) {
	store, _ := newStore(t)
	wants(t, store.Set(nil, []byte("value")), wal.ErrInvalid)
	wants(t, store.Set([]byte("raftwal"), []byte("value")), wal.ErrInvalid)
	wants(t, store.Set([]byte(strings.Repeat("k", 65)), nil), wal.ErrTooBig)
	wants(t, store.Set([]byte("k"), make([]byte, 1025)), wal.ErrTooBig)
	for i := range 63 {
		check(t, store.SetUint64(fmt.Append(nil, i), uint64(i)))
	}
	wants(t, store.Set([]byte("k"), nil), wal.ErrFull)
	check(t, store.Set([]byte("7"), []byte("seven")))
	if _, err := store.GetUint64([]byte("7")); err == nil {
		t.Fatal("5 bytes are a number")
	}
	value, err := store.Get([]byte("raftwal"))
	check(t, err)
	equal(t, len(value), 0)
}

// Raft has installed a snapshot, and was stopped before it could delete the logs.
func TestDropCovered(t *testing.T) {
	store, _ := newStore(t)
	snapshots := raft.NewInmemSnapshotStore()
	check(t, store.DropCovered(snapshots))
	check(t, store.StoreLogs(logs(1, 10, 1)))
	check(t, store.DropCovered(snapshots))
	take := func(index uint64) {
		sink, err := snapshots.Create(1, index, 1, raft.Configuration{}, 1, nil)
		check(t, err)
		check(t, sink.Close())
	}
	take(10)
	check(t, store.DropCovered(snapshots))
	holds(t, store, 1, 10, never)
	take(20)
	check(t, store.DropCovered(unreadable{snapshots}))
	holds(t, store, 1, 10, never)
	wants(t, store.StoreLogs(logs(21, 22, 2)), raftwal.ErrGap)
	check(t, store.DropCovered(snapshots))
	holds(t, store, 0, 0, never)
	check(t, store.StoreLogs(logs(21, 22, 2)))
	holds(t, store, 21, 22, 2)
	check(t, store.Close())
	wants(t, store.DropCovered(snapshots), wal.ErrClosed)
}

type unreadable struct{ raft.SnapshotStore }

func (unreadable) Open(string) (*raft.SnapshotMeta, io.ReadCloser, error) {
	return nil, nil, os.ErrNotExist
}
