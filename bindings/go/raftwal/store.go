// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
	wal "github.com/libwal/libwal/bindings/go"
)

// An Option is one of package wal.
type Option = wal.Option

// A Store is raft's log and raft's stable values. All methods may be called from any goroutine.
// Those that change the log take turns; those that look at it never wait for them, and never see
// what isn't durable yet.
type Store struct {
	log  *wal.Log
	path string

	// mu is held by whoever changes the log; it protects what follows up to the empty line.
	mu      sync.Mutex
	broken  error      // the log no longer is what raft was told: no more changes until it is reopened
	batch   *wal.Batch // for what goes in with the commit index; made when it is first needed
	entries entries    // memory for the next ones

	// What others may see of the log; 0 and 0: nothing. A reader looks at first before last, and
	// once more when it has read: changes first take away what will no longer be there, and in the
	// end show what is new.
	first, last atomic.Uint64

	commit atomic.Uint64 // as stored
	staged atomic.Uint64 // what the next StoreLogs stores
	closed atomic.Bool
}

var (
	_ raft.LogStore               = (*Store)(nil)
	_ raft.MonotonicLogStore      = (*Store)(nil)
	_ raft.CommitTrackingLogStore = (*Store)(nil)
	_ raft.StableStore            = (*Store)(nil)
)

// Open opens the store in the directory, by default making it where there is none. It takes the
// options of package wal. Those that remove records by size, number or age have no effect, since
// raft says what may go; with wal.WithSync(wal.SyncNone) or wal.WithInterval a power cut may take
// what raft was told is stored, which breaks its promises.
//
// The errors are those of wal.Open; besides, wal.ErrInvalid for a log that isn't raft's,
// wal.ErrVersion for a store of a newer version, and wal.ErrReadOnly for a read-only one: use
// package wal itself, and Decode.
func Open(dir string, options ...Option) (*Store, error) {
	all := append(append([]Option{}, options...),
		wal.WithRetainBytes(0), wal.WithRetainSegments(0), wal.WithRetainAge(0),
		wal.With("retain_from_checkpoint", "0"))
	log, err := wal.Open(dir, all...)
	if err != nil {
		return nil, fmt.Errorf("raftwal: %w", err)
	}
	s := &Store{log: log, path: dir}
	if err := s.load(); err != nil {
		log.Close()
		return nil, fmt.Errorf("raftwal: opening %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) load() error {
	info, err := s.log.Info()
	if err != nil {
		return err
	}
	if info.ReadOnly {
		return fmt.Errorf("raft needs to write: %w", wal.ErrReadOnly)
	}
	r, err := s.log.Range()
	if err != nil {
		return err
	}
	if err := s.loadOwn(r.Last == 0); err != nil {
		return err
	}
	if r.Last != 0 {
		s.last.Store(uint64(r.Last))
		s.first.Store(uint64(r.First))
	}
	return nil
}

// Close closes the store, once calls under way have come to their end. A second time it is
// wal.ErrClosed. Shut the raft node down before.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed.Store(true)
	if s.batch != nil {
		_ = s.batch.Close()
		s.batch = nil
	}
	if err := s.log.Close(); err != nil {
		return fmt.Errorf("raftwal: %w", err)
	}
	return nil
}

// Log gives the log that the store keeps all in, for statistics, events, Verify and Copy. It must
// not be changed through it: the store would notice, and fail.
func (s *Store) Log() *wal.Log { return s.log }

// IsMonotonic says true: indexes have no gaps, and raft deletes all logs before one that it would
// make by restoring a snapshot.
func (s *Store) IsMonotonic() bool { return true }

// FirstIndex gives the first log's index, 0 when there is none.
func (s *Store) FirstIndex() (uint64, error) { return s.first.Load(), s.open() }

// LastIndex gives the last log's index, 0 when there is none.
func (s *Store) LastIndex() (uint64, error) { return s.last.Load(), s.open() }

// GetLog reads a log into new memory, and sets each field of the one it is given. It never waits
// for a StoreLogs. raft.ErrLogNotFound, as it is: there is none; after any error the log that it
// is given is as it was.
func (s *Store) GetLog(index uint64, log *raft.Log) error {
	if err := s.open(); err != nil {
		return err
	}
	if !s.holds(index) {
		return raft.ErrLogNotFound
	}
	record, err := s.log.Get(wal.LSN(index), nil)
	if errors.Is(err, wal.ErrRange) || !s.holds(index) { // deleted meanwhile
		return raft.ErrLogNotFound
	}
	if err != nil {
		return fmt.Errorf("raftwal: reading index %d: %w", index, err)
	}
	return Decode(index, record.Data, log)
}

func (s *Store) holds(index uint64) bool {
	first := s.first.Load()
	return first != 0 && first <= index && index <= s.last.Load()
}

func (s *Store) open() error {
	if s.closed.Load() {
		return fmt.Errorf("raftwal: %s: %w", s.path, wal.ErrClosed)
	}
	return nil
}
