// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// What tests share: stores, logs, and looking at both.

// inMemory gives a directory without a disk below it.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "raftwal-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newPath(t testing.TB) string { return filepath.Join(inMemory(t), "log") }

func open(t testing.TB, path string, options ...raftwal.Option) *raftwal.Store {
	t.Helper()
	store, err := raftwal.Open(path, options...)
	check(t, err)
	return store
}

// newStore gives an empty store that is closed behind the test, unless that does it.
func newStore(t testing.TB, options ...raftwal.Option) (*raftwal.Store, string) {
	t.Helper()
	path := newPath(t)
	store := open(t, path, options...)
	t.Cleanup(func() { store.Close() })
	return store, path
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%v, not %v", got, want)
	}
}

// wants checks an error by errors.Is.
func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, not %v", err, want)
	}
}

func data(index, term uint64) string { return fmt.Sprintf("%d of term %d", index, term) }

// logs makes those from first to last.
func logs(first, last, term uint64) []*raft.Log {
	var all []*raft.Log
	for index := first; index <= last; index++ {
		all = append(all, &raft.Log{
			Index: index, Term: term, Data: []byte(data(index, term)), AppendedAt: time.Now(),
		})
	}
	return all
}

// holds checks that the store has the logs from first to last; those from change on are of term 2,
// the others of term 1.
func holds(t testing.TB, store raft.LogStore, first, last, change uint64) {
	t.Helper()
	spans(t, store, first, last)
	for index := first; index <= last && index > 0; index++ {
		term := uint64(1)
		if index >= change {
			term = 2
		}
		var log raft.Log
		check(t, store.GetLog(index, &log))
		equal(t, log.Term, term)
		equal(t, string(log.Data), data(index, term))
	}
	equal(t, store.GetLog(last+1, new(raft.Log)), raft.ErrLogNotFound)
}

func spans(t testing.TB, store raft.LogStore, first, last uint64) {
	t.Helper()
	got, err := store.FirstIndex()
	check(t, err)
	equal(t, got, first)
	got, err = store.LastIndex()
	check(t, err)
	equal(t, got, last)
}

const never = 1<<64 - 1 // for holds: no change

func syncs(t testing.TB, store *raftwal.Store) uint64 {
	t.Helper()
	stats, err := store.Log().Stats()
	check(t, err)
	return stats.Syncs
}

func commitIndex(t testing.TB, store raft.CommitTrackingLogStore, want uint64) {
	t.Helper()
	got, err := store.GetCommitIndex()
	check(t, err)
	equal(t, got, want)
}
