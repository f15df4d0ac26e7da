// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
	wal "github.com/libwal/libwal/bindings/go"
)

// What a raftwal store holds of stable values.
const (
	mostKeys       = 63
	mostKeyBytes   = 64
	mostValueBytes = 1024
)

// check reads all that there is, before anything is written, and finds what a raftwal store can't
// hold.
func (m *migration) check(ctx context.Context) error {
	var err error
	if m.stable, err = m.from.stable(); err != nil {
		return err
	}
	if m.extent, err = m.from.extent(); err != nil {
		return err
	}
	err = errors.Join(m.checkStable(), m.checkIndexes())
	if err != nil {
		return err
	}
	return m.each(ctx, "reading", func(log *raft.Log) error {
		if size := uint64(entryBytes(log)); size > m.maxEntryBytes {
			return fail(codeUnfit, "index %d has %d bytes, more than the %d that an entry may have:"+
				" -max-entry-bytes lets it have more", log.Index, size, m.maxEntryBytes)
		}
		return nil
	})
}

func (m *migration) checkStable() error {
	var problems []error
	if len(m.stable) > mostKeys {
		problems = append(problems, fail(codeUnfit, "there are %d stable values, and a raftwal store"+
			" holds %d", len(m.stable), mostKeys))
	}
	for key, value := range m.stable {
		if len(key) > mostKeyBytes {
			problems = append(problems, fail(codeUnfit, "the stable key %.20q... has %d bytes, and a"+
				" raftwal store takes %d", key, len(key), mostKeyBytes))
		}
		if len(value) > mostValueBytes {
			problems = append(problems, fail(codeUnfit, "the stable value %.20q has %d bytes, and a"+
				" raftwal store takes %d", key, len(value), mostValueBytes))
		}
	}
	return errors.Join(problems...)
}

func (m *migration) checkIndexes() error {
	e := m.extent
	switch {
	case e.count == 0:
		return nil
	case e.first == 0:
		return fail(codeUnfit, "there is a log of index 0, which raft doesn't have")
	case e.behindGap != e.first && !m.dropBeforeGap:
		return fail(codeUnfit, "indexes are missing between %d and %d, and a raftwal store takes no"+
			" gap; where raft has restored a snapshot it needs none of the logs before one, and"+
			" -drop-before-gap leaves them out", e.first, e.behindGap)
	}
	return nil
}

// unfit gives an error of the store its exit code.
func unfit(err error) error {
	if errors.Is(err, wal.ErrTooBig) || errors.Is(err, wal.ErrInvalid) || errors.Is(err, wal.ErrFull) {
		return &failure{codeUnfit, err}
	}
	return err
}

// entryBytes is what an entry needs, but for its numbers.
func entryBytes(log *raft.Log) int { return len(log.Data) + len(log.Extensions) }

// compare opens the store again and reads all that is in both. The log that comes from the source
// is read once more, too: what was copied may have been read wrongly.
func (m *migration) compare(ctx context.Context, path string) (err error) {
	store, err := m.openStore(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	first, firstErr := store.FirstIndex()
	last, lastErr := store.LastIndex()
	if err := errors.Join(firstErr, lastErr); err != nil {
		return err
	}
	if first != m.extent.behindGap || last != m.extent.last {
		return fmt.Errorf("the copy has index %d to %d, not %d to %d", first, last,
			m.extent.behindGap, m.extent.last)
	}
	err = m.each(ctx, "comparing", func(want *raft.Log) error {
		got := new(raft.Log)
		if err := store.GetLog(want.Index, got); err != nil {
			return err
		}
		if field := difference(got, want); field != "" {
			return fmt.Errorf("the copy of index %d has another %s", want.Index, field)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return m.compareStable(store, store.Log().Meta())
}

// compareStable reads the values of both again. The store has one key of its own.
func (m *migration) compareStable(store raft.StableStore, meta wal.Meta) error {
	want, err := m.from.stable()
	if err != nil {
		return err
	}
	all, err := meta.All()
	if err != nil {
		return err
	}
	if len(all) != len(want)+1 {
		return fmt.Errorf("the copy has %d stable values, not %d", len(all)-1, len(want))
	}
	for key, value := range want {
		got, err := store.Get([]byte(key))
		if err != nil {
			return err
		}
		if got == nil || !bytes.Equal(got, value) {
			return fmt.Errorf("the copy of the stable value %q is %q, not %q", key, got, value)
		}
	}
	return nil
}

// difference names a field in which two logs differ; "": in none.
func difference(a, b *raft.Log) string {
	switch {
	case a.Index != b.Index:
		return "Index"
	case a.Term != b.Term:
		return "Term"
	case a.Type != b.Type:
		return "Type"
	case !bytes.Equal(a.Data, b.Data):
		return "Data"
	case !bytes.Equal(a.Extensions, b.Extensions):
		return "Extensions"
	case !a.AppendedAt.Equal(b.AppendedAt):
		return "AppendedAt"
	}
	return ""
}
