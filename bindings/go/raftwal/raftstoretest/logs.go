// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// firstErr runs steps until one fails.
func firstErr(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// entry makes a log that can be told from every other by all of its fields.
func entry(index, term uint64) *raft.Log {
	return &raft.Log{
		Index:      index,
		Term:       term,
		Type:       raft.LogType(index % 6),
		Data:       fmt.Appendf(nil, "data of %d in term %d", index, term),
		Extensions: fmt.Appendf(nil, "extensions of %d", index),
		AppendedAt: time.Unix(1_700_000_000+int64(index), int64(term)).UTC(),
	}
}

// entries makes those from first to last.
func entries(first, last, term uint64) []*raft.Log {
	var all []*raft.Log
	for index := first; index <= last; index++ {
		all = append(all, entry(index, term))
	}
	return all
}

// store stores the logs from first to last in one call.
func (s *scene) store(first, last, term uint64) func() error {
	return func() error { return s.StoreLogs(entries(first, last, term)) }
}

func (s *scene) remove(min, max uint64) func() error {
	return func() error { return s.DeleteRange(min, max) }
}

// has checks that the store has the logs from first to last, of one term, and no others.
func (s *scene) has(first, last, term uint64) func() error {
	return func() error { return s.hasLogs(entries(first, last, term)) }
}

func (s *scene) hasNone() error { return s.hasLogs(nil) }

func (s *scene) hasLogs(want []*raft.Log) error {
	first, err := s.FirstIndex()
	if err != nil {
		return fmt.Errorf("FirstIndex: %w", err)
	}
	last, err := s.LastIndex()
	if err != nil {
		return fmt.Errorf("LastIndex: %w", err)
	}
	var wantFirst, wantLast uint64
	if len(want) > 0 {
		wantFirst, wantLast = want[0].Index, want[len(want)-1].Index
	}
	if first != wantFirst || last != wantLast {
		return fmt.Errorf("the indexes go from %d to %d, not %d to %d", first, last, wantFirst,
			wantLast)
	}
	for _, log := range want {
		if err := s.gives(log); err != nil {
			return err
		}
	}
	if wantFirst > 1 {
		if err := s.lacks(wantFirst - 1); err != nil {
			return err
		}
	}
	return errors.Join(s.lacks(wantLast+1), s.lacks(wantLast+1000))
}

// gives checks that GetLog fills in this log.
func (s *scene) gives(want *raft.Log) error {
	var got raft.Log
	if err := s.GetLog(want.Index, &got); err != nil {
		return fmt.Errorf("GetLog(%d): %w", want.Index, err)
	}
	return same(&got, want)
}

// lacks checks that GetLog says so, in the way that raft compares with.
func (s *scene) lacks(index uint64) error {
	var got raft.Log
	if err := s.GetLog(index, &got); err != raft.ErrLogNotFound {
		return fmt.Errorf("GetLog(%d) of none gives %v, not raft.ErrLogNotFound", index, err)
	}
	return nil
}

func same(got, want *raft.Log) error {
	switch {
	case got.Index != want.Index:
		return fmt.Errorf("index %d, not %d", got.Index, want.Index)
	case got.Term != want.Term:
		return fmt.Errorf("index %d has term %d, not %d", want.Index, got.Term, want.Term)
	case got.Type != want.Type:
		return fmt.Errorf("index %d has type %d, not %d", want.Index, got.Type, want.Type)
	case !bytes.Equal(got.Data, want.Data):
		return fmt.Errorf("index %d has other data: %.40q, not %.40q", want.Index, got.Data,
			want.Data)
	case !bytes.Equal(got.Extensions, want.Extensions):
		return fmt.Errorf("index %d has other extensions: %.40q, not %.40q", want.Index,
			got.Extensions, want.Extensions)
	case !got.AppendedAt.Equal(want.AppendedAt):
		return fmt.Errorf("index %d is of %v, not %v", want.Index, got.AppendedAt, want.AppendedAt)
	}
	return nil
}
