// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"encoding/binary"
	"errors"
	"fmt"

	wal "github.com/libwal/libwal/bindings/go"
)

// Set stores a value under a key, durable when it returns. A key has 1 to 64 bytes, a value up to
// 1024, and there are at most 63 keys: raft itself uses three. wal.ErrTooBig, wal.ErrFull,
// wal.ErrInvalid (an empty key, or the store's own) else.
func (s *Store) Set(key, value []byte) error {
	if string(key) == ownKey {
		return fmt.Errorf("raftwal: %q is the store's own key: %w", key, wal.ErrInvalid)
	}
	if err := s.log.Meta().Set(string(key), value); err != nil {
		return fmt.Errorf("raftwal: storing %q: %w", key, err)
	}
	return nil
}

// Get gives a key's value in memory of its own; nil without an error where there is none.
func (s *Store) Get(key []byte) ([]byte, error) {
	if string(key) == ownKey {
		return nil, nil
	}
	value, err := s.log.Meta().Get(string(key))
	if errors.Is(err, wal.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("raftwal: looking up %q: %w", key, err)
	}
	return value, nil
}

// SetUint64 is Set of 8 bytes, the highest first, as raft-boltdb has them.
func (s *Store) SetUint64(key []byte, value uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, value))
}

// GetUint64 gives what SetUint64 has stored; 0 without an error where there is nothing.
func (s *Store) GetUint64(key []byte) (uint64, error) {
	value, err := s.Get(key)
	if err != nil || value == nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("raftwal: %q has %d bytes and is no number", key, len(value))
	}
	return binary.BigEndian.Uint64(value), nil
}
