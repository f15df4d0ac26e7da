// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hashicorp/raft"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/raftwal"
)

// breakSync puts a device that can't be synced where the store has its newest segment.
func breakSync(t *testing.T, path string) {
	t.Helper()
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	check(t, err)
	defer null.Close()
	names, err := filepath.Glob("/proc/self/fd/*")
	check(t, err)
	var newest string
	var where uintptr
	for _, name := range names {
		to, err := os.Readlink(name)
		if err != nil || !strings.HasPrefix(to, path) || !strings.HasSuffix(to, ".wal") ||
			to < newest {
			continue
		}
		newest, where = to, 0
		for _, digit := range filepath.Base(name) {
			where = 10*where + uintptr(digit-'0')
		}
	}
	if newest == "" {
		t.Fatal("no segment is open")
	}
	check(t, syscall.Dup3(int(null.Fd()), int(where), 0))
}

// What a failed call has brought isn't shown; all later changes fail; and what the next Open finds
// is what was acknowledged, since nothing else was written.
func TestFailedSync(t *testing.T) {
	for what, change := range map[string]func(store *raftwal.Store) error{
		"StoreLogs":  func(s *raftwal.Store) error { return s.StoreLogs(logs(6, 9, 1)) },
		"SetUint64":  func(s *raftwal.Store) error { return s.SetUint64([]byte("CurrentTerm"), 2) },
		"with index": func(s *raftwal.Store) error { return stageAndStore(s) },
	} {
		t.Run(what, func(t *testing.T) {
			store, path := newStore(t)
			check(t, store.StoreLogs(logs(1, 5, 1)))
			check(t, store.SetUint64([]byte("CurrentTerm"), 1))
			breakSync(t, path)
			wants(t, change(store), wal.ErrInDoubt)
			spans(t, store, 1, 5)
			equal(t, store.GetLog(6, new(raft.Log)), raft.ErrLogNotFound)
			wants(t, store.StoreLogs(logs(6, 6, 1)), wal.ErrFailed)
			wants(t, stageAndStore(store), wal.ErrFailed)
			wants(t, store.DeleteRange(1, 2), wal.ErrFailed)
			wants(t, store.DeleteRange(4, 5), wal.ErrFailed)
			wants(t, store.DeleteRange(1, 5), wal.ErrFailed)
			wants(t, store.ReplaceSuffix(logs(4, 5, 2)), wal.ErrFailed)
			spans(t, store, 1, 5)
			wants(t, store.SetUint64([]byte("CurrentTerm"), 3), wal.ErrFailed)
			commitIndex(t, store, 0)
			store.Close()
			store = open(t, path)
			holds(t, store, 1, 5, never)
			term, err := store.GetUint64([]byte("CurrentTerm"))
			check(t, err)
			equal(t, term, 1)
			check(t, store.StoreLogs(logs(6, 6, 1)))
			check(t, store.Close())
		})
	}
}

func stageAndStore(s *raftwal.Store) error {
	if err := s.StageCommitIndex(3); err != nil {
		return err
	}
	return s.StoreLogs(logs(6, 9, 1))
}

// A call that finds no room has stored nothing, and succeeds once there is some.
func TestNoSpace(t *testing.T) {
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	store, path := newStore(t, wal.WithZeroAheadBytes(0))
	check(t, store.StoreLogs(logs(1, 5, 1)))
	large := logs(6, 7, 1)
	large[1].Extensions = make([]byte, 200_000)
	for _, staged := range []uint64{0, 4} {
		check(t, store.StageCommitIndex(staged))
		limited(t, 100_000, func() {
			wants(t, store.StoreLogs(large), wal.ErrNoSpace)
			holds(t, store, 1, 5, never)
			large[0].Index, large[1].Index = 4, 5
			wants(t, store.ReplaceSuffix(large), wal.ErrNoSpace)
			large[0].Index, large[1].Index = 6, 7
			holds(t, store, 1, 5, never)
			commitIndex(t, store, 0)
		})
	}
	check(t, store.StoreLogs(large))
	holds(t, store, 1, 7, never)
	commitIndex(t, store, 4)
	check(t, store.Close())
	store = open(t, path)
	holds(t, store, 1, 7, never)
	check(t, store.Close())
}

// limited bounds the size of files for the length of a function.
func limited(t *testing.T, bytes uint64, f func()) {
	t.Helper()
	var before syscall.Rlimit
	check(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	now := before
	now.Cur = bytes
	check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &now))
	defer func() { check(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)) }()
	f()
}

// Whoever else changes the log makes the store fail, not raft's log wrong.
func TestChangedByOthers(t *testing.T) {
	store, path := newStore(t)
	check(t, store.StoreLogs(logs(1, 5, 1)))
	_, err := store.Log().Append(t.Context(), []byte("foreign"))
	check(t, err)
	wants(t, store.StoreLogs(logs(6, 6, 1)), wal.ErrFailed)
	wants(t, store.DeleteRange(1, 1), wal.ErrFailed)
	holds(t, store, 1, 5, never)
	check(t, store.Close())
	store = open(t, path)
	if err := store.GetLog(6, new(raft.Log)); err == nil || err == raft.ErrLogNotFound {
		t.Fatalf("the foreign record gives %v", err)
	}
	check(t, store.Close())
}

func TestTooBig(t *testing.T) {
	store, _ := newStore(t, wal.WithMaxRecordBytes(1000))
	large := logs(1, 2, 1)
	large[1].Data = make([]byte, 2000)
	wants(t, store.StoreLogs(large), wal.ErrTooBig)
	holds(t, store, 0, 0, never)
	check(t, store.StoreLogs(logs(1, 2, 1)))
	check(t, store.StageCommitIndex(1))
	large[0].Index, large[1].Index = 3, 4
	wants(t, store.StoreLogs(large), wal.ErrTooBig)
	holds(t, store, 1, 2, never)
	check(t, store.StoreLogs(logs(3, 3, 1)))
	commitIndex(t, store, 1)
}

// Damage is told, at the log where it is, and never given out as another one.
func TestDamage(t *testing.T) {
	store, path := newStore(t)
	for index := uint64(1); index <= 5; index++ {
		check(t, store.StoreLogs(logs(index, index, 1)))
	}
	names, err := filepath.Glob(filepath.Join(path, "*.wal"))
	check(t, err)
	content, err := os.ReadFile(names[0])
	check(t, err)
	place := strings.Index(string(content), data(3, 1))
	file, err := os.OpenFile(names[0], os.O_WRONLY, 0)
	check(t, err)
	_, err = file.WriteAt([]byte("4"), int64(place))
	check(t, err)
	check(t, file.Close())
	log := raft.Log{Index: 77}
	wants(t, store.GetLog(3, &log), wal.ErrCorrupt)
	equal(t, log.Index, 77)
	check(t, store.GetLog(4, &log))
	check(t, store.Close())
	_, err = raftwal.Open(path)
	if err == nil {
		again := open(t, path)
		t.Fatalf("opened again: %v", again.GetLog(3, &log))
	}
	wants(t, err, wal.ErrCorrupt)
}
