// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
	wal "github.com/libwal/libwal/bindings/go"
)

// ErrGap is for logs that would leave a gap or stand there twice, and for deletions that would
// leave a hole: errors.Is finds it.
var ErrGap = errors.New("indexes must have no gaps")

// keptBytes is what is kept of memory for encoding.
const keptBytes = 4 << 20

// StoreLog is StoreLogs with one log.
func (s *Store) StoreLog(log *raft.Log) error { return s.StoreLogs([]*raft.Log{log}) }

// StoreLogs stores logs behind the last one, in one atomic step that is durable when it returns.
// Where there are no logs it may begin at any index from 1 on. A commit index that was staged goes
// with them. ErrGap: the indexes are others; nothing is stored then.
func (s *Store) StoreLogs(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := logs[0].Index
	if err := s.mayStore(logs); err != nil {
		return err
	}
	last := s.last.Load()
	if last == 0 {
		if err := s.moveTo(from); err != nil {
			return err
		}
	} else if from != last+1 {
		return fmt.Errorf("raftwal: storing index %d behind %d: %w", from, last, ErrGap)
	}
	staged := s.staged.Load()
	commit := min(staged, logs[len(logs)-1].Index)
	var stored wal.LSN
	var err error
	e := s.encode(logs)
	switch {
	case commit != s.commit.Load():
		stored, err = s.batched(commit, e, func(b *wal.Batch) (wal.LSN, error) {
			first, _, err := b.Commit(context.Background(), 0)
			return first, err
		})
	case len(logs) == 1:
		stored, err = s.log.Append(context.Background(), e.payload)
	default:
		stored, err = s.log.AppendPacked(context.Background(), e.payload, e.sizes, nil, 0)
	}
	if err := s.stored(logs, stored, err); err != nil {
		return err
	}
	s.committed(staged, commit)
	return nil
}

// ReplaceSuffix is DeleteRange from the first of the logs on, and StoreLogs, in one atomic step
// with one sync: for programs that keep a log of their own by it. Raft makes the two calls. ErrGap:
// it would leave a gap, or nothing of the log.
func (s *Store) ReplaceSuffix(logs []*raft.Log) error {
	if len(logs) == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayStore(logs); err != nil {
		return err
	}
	first, last, from := s.first.Load(), s.last.Load(), logs[0].Index
	if first == 0 || from <= first || from > last+1 {
		return fmt.Errorf("raftwal: storing from %d on, in place of %d to %d: %w", from, first,
			last, ErrGap)
	}
	staged := s.staged.Load()
	commit := min(staged, logs[len(logs)-1].Index)
	s.last.Store(from - 1)
	stored, err := s.batched(commit, s.encode(logs), func(b *wal.Batch) (wal.LSN, error) {
		first, _, err := b.ReplaceAfter(wal.LSN(from - 1))
		return first, err
	})
	if err != nil {
		s.last.Store(last)
	}
	if err := s.stored(logs, stored, err); err != nil {
		return err
	}
	s.committed(staged, commit)
	return nil
}

// mayStore says what is wrong with the logs themselves, or the store.
func (s *Store) mayStore(logs []*raft.Log) error {
	if err := s.mayChange(); err != nil {
		return err
	}
	for i, log := range logs {
		if log.Index == 0 || log.Index != logs[0].Index+uint64(i) {
			return fmt.Errorf("raftwal: index %d as number %d of logs from %d on: %w", log.Index,
				i, logs[0].Index, ErrGap)
		}
	}
	return nil
}

func (s *Store) mayChange() error {
	if err := s.open(); err != nil {
		return err
	}
	return s.broken
}

// moveTo lets an empty log go on at another index. A crash behind it leaves an empty log.
func (s *Store) moveTo(index uint64) error {
	r, err := s.log.Range()
	if err == nil && r.Last != 0 {
		return s.breakOff(nil)
	}
	if err == nil && uint64(r.Next) != index {
		err = s.log.Reset(wal.LSN(index))
	}
	if err != nil {
		return fmt.Errorf("raftwal: beginning at index %d: %w", index, err)
	}
	return nil
}

// entries are encoded logs, one behind the other.
type entries struct {
	payload []byte
	sizes   []uint32
}

// encode makes records of the logs, which lie in the store's memory until the next call.
func (s *Store) encode(logs []*raft.Log) entries {
	room := 0
	for _, log := range logs {
		room += maxHeaderBytes + len(log.Extensions) + len(log.Data)
	}
	e := entries{s.entries.payload[:0], s.entries.sizes[:0]}
	if cap(e.payload) < room {
		e.payload = make([]byte, 0, room)
	}
	for _, log := range logs {
		before := len(e.payload)
		e.payload = appendEntry(e.payload, log)
		e.sizes = append(e.sizes, uint32(len(e.payload)-before))
	}
	s.entries = e
	if cap(e.payload) > keptBytes {
		s.entries = entries{}
	}
	return e
}

// batched hands in entries, or none, together with a commit index.
func (s *Store) batched(
	commit uint64, e entries, hand func(*wal.Batch) (wal.LSN, error),
) (wal.LSN, error) {
	if s.batch == nil {
		b, err := s.log.NewBatch()
		if err != nil {
			return 0, err
		}
		s.batch = b
	}
	stored, err := s.fill(commit, e, hand)
	if err != nil {
		_ = s.batch.Abort()
	}
	return stored, err
}

func (s *Store) fill(
	commit uint64, e entries, hand func(*wal.Batch) (wal.LSN, error),
) (wal.LSN, error) {
	if err := s.batch.SetMeta(ownKey, ownValue(commit)); err != nil {
		return 0, err
	}
	if len(e.sizes) > 0 {
		if err := s.batch.AppendPacked(e.payload, e.sizes, nil); err != nil {
			return 0, err
		}
	}
	return hand(s.batch)
}

// stored ends a StoreLogs: shows the logs, or gives the error. When the log has got them all the
// same, or has got them at another place, no more can be stored.
func (s *Store) stored(logs []*raft.Log, at wal.LSN, err error) error {
	from, to := logs[0].Index, logs[len(logs)-1].Index
	if err != nil {
		err = fmt.Errorf("raftwal: storing index %d to %d: %w", from, to, err)
		if at != 0 {
			return s.breakOff(err)
		}
		return err
	}
	if uint64(at) != from {
		return s.breakOff(nil)
	}
	s.last.Store(to)
	if s.first.Load() == 0 {
		s.first.Store(from)
	}
	return nil
}

// breakOff lets all later changes fail; nil: somebody else has changed the log.
func (s *Store) breakOff(err error) error {
	if err == nil {
		s.broken = fmt.Errorf("raftwal: %s was changed by somebody else: %w", s.path, wal.ErrFailed)
		return s.broken
	}
	s.broken = fmt.Errorf("raftwal: %s has to be opened again, since %v: %w", s.path, err,
		wal.ErrFailed)
	return err
}
