// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"fmt"

	"github.com/hashicorp/raft"
	wal "github.com/libwal/libwal/bindings/go"
)

// DeleteRange deletes the logs from min to max, both inclusive, at either end or all of them;
// durable when it returns. Nothing there, or min above max: it does nothing. ErrGap: it would leave
// a hole. When it deletes all, the next StoreLogs may begin at any index.
func (s *Store) DeleteRange(min, max uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayChange(); err != nil {
		return err
	}
	first, last := s.first.Load(), s.last.Load()
	switch {
	case first == 0 || min > max || max < first || min > last:
		return nil
	case min <= first && max >= last:
		return s.cut(first, last, 0, 0, func() error {
			return s.log.TruncateBefore(wal.LSN(last + 1))
		})
	case min <= first:
		return s.cut(first, last, max+1, last, func() error {
			return s.log.TruncateBefore(wal.LSN(max + 1))
		})
	case max >= last:
		return s.cut(first, last, first, min-1, func() error { return s.cutSuffix(min - 1) })
	}
	return fmt.Errorf("raftwal: deleting %d to %d of %d to %d: %w", min, max, first, last, ErrGap)
}

// cut takes logs away, first from those who look. After an error all are there still.
func (s *Store) cut(first, last, newFirst, newLast uint64, do func() error) error {
	s.first.Store(newFirst)
	s.last.Store(newLast)
	err := do()
	if err == nil {
		return nil
	}
	s.last.Store(last)
	s.first.Store(first)
	return fmt.Errorf("raftwal: leaving %d to %d of %d to %d: %w", newFirst, newLast, first, last,
		err)
}

// cutSuffix deletes what is above the index. A commit index above it goes down to it.
func (s *Store) cutSuffix(index uint64) error {
	if s.commit.Load() <= index {
		return s.log.TruncateAfter(wal.LSN(index))
	}
	staged := s.staged.Load()
	_, err := s.batched(index, entries{}, func(b *wal.Batch) (wal.LSN, error) {
		first, _, err := b.ReplaceAfter(wal.LSN(index))
		return first, err
	})
	if err == nil {
		s.committed(staged, index)
	}
	return err
}

// DropCovered deletes all logs when the newest snapshot that can be opened is of an index above
// them. It is to be called before raft.NewRaft.
//
// Raft does so itself when it restores a snapshot that it got from the leader or from the user, but
// only once the snapshot is in place, and ignores an error. After a crash between the two, or such
// an error, the next logs begin behind the snapshot, which leaves a gap: a store that allows none
// refuses them forever.
func (s *Store) DropCovered(snapshots raft.SnapshotStore) error {
	last, err := s.LastIndex()
	if err != nil {
		return err
	}
	list, err := snapshots.List()
	if err != nil {
		return fmt.Errorf("raftwal: listing the snapshots: %w", err)
	}
	for _, snapshot := range list {
		if last == 0 || snapshot.Index <= last {
			return nil
		}
		_, content, err := snapshots.Open(snapshot.ID)
		if err != nil {
			continue // raft takes the next one, too
		}
		_ = content.Close()
		return s.DeleteRange(1, last)
	}
	return nil
}
