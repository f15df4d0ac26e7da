// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"encoding/binary"
	"errors"
	"fmt"

	wal "github.com/libwal/libwal/bindings/go"
)

// ownKey is the metadata key that is the store's, not raft's.
const ownKey = "raftwal"

// storeVersion is the first byte of what stands there.
const storeVersion = 1

const ownBytes = 1 + 8

func ownValue(commit uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{storeVersion}, commit)
}

// loadOwn finds out that this is a raft log, and its commit index. A new log becomes one.
func (s *Store) loadOwn(empty bool) error {
	value, err := s.log.Meta().Get(ownKey)
	if errors.Is(err, wal.ErrNotFound) {
		all, err := s.log.Meta().All()
		if err != nil {
			return err
		}
		if !empty || len(all) != 0 {
			return fmt.Errorf("it is a log, but not raft's: %w", wal.ErrInvalid)
		}
		return s.log.Meta().Set(ownKey, ownValue(0))
	}
	if err != nil {
		return err
	}
	if len(value) == 0 || value[0] != storeVersion {
		return fmt.Errorf("its format is not that of this version: %w", wal.ErrVersion)
	}
	if len(value) != ownBytes {
		return fmt.Errorf("its key %q has %d bytes: %w", ownKey, len(value), wal.ErrCorrupt)
	}
	commit := binary.LittleEndian.Uint64(value[1:])
	s.commit.Store(commit)
	s.staged.Store(commit)
	return nil
}

// StageCommitIndex keeps a commit index for the next StoreLogs, which stores it together with its
// logs, in one atomic step: or the index of its last log, where that is less.
func (s *Store) StageCommitIndex(index uint64) error {
	if err := s.open(); err != nil {
		return err
	}
	s.staged.Store(index)
	return nil
}

// GetCommitIndex gives the commit index that the last StoreLogs has stored, never above LastIndex;
// 0 where none was staged so far.
func (s *Store) GetCommitIndex() (uint64, error) {
	return min(s.commit.Load(), s.last.Load()), s.open()
}

// committed notes that a commit index was stored. What was staged is used up by it, also where it
// was too high; what was staged since then isn't.
func (s *Store) committed(staged, stored uint64) {
	s.commit.Store(stored)
	s.staged.CompareAndSwap(staged, stored)
}
