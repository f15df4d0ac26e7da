// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/raft"
	wal "github.com/libwal/libwal/bindings/go"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// partialSuffix names the directory where a store is made until all of it has been compared.
const partialSuffix = ".partial"

// A migration is one run, from an open source.
type migration struct {
	*settings
	from     source
	progress *progress
	extent   extent
	stable   map[string][]byte
}

// migrate copies and compares, and says what it did. Nothing is at DEST before all is compared; an
// error leaves nothing.
func migrate(ctx context.Context, s *settings, open opener, p *progress) (did string, err error) {
	if err := vacant(s.dest); err != nil {
		return "", err
	}
	from, err := open(s)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	m := &migration{settings: s, from: from, progress: p}
	if err := m.check(ctx); err != nil {
		return "", err
	}
	if err := m.make(ctx); err != nil {
		return "", err
	}
	return m.did(), nil
}

// vacant says whether there may be a new directory.
func vacant(dest string) error {
	content, err := os.ReadDir(dest)
	if err == nil && len(content) > 0 {
		return fmt.Errorf("%s is there and isn't empty: name a directory that isn't there", dest)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// make makes the store beside its place, and puts it there when it is whole.
func (m *migration) make(ctx context.Context) error {
	// now, so that one that can't go, say since it is another file system's, is told before all
	// the work is done
	if err := syscall.Rmdir(m.dest); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("making place for the new store at %s: %w", m.dest, err)
	}
	partial := filepath.Clean(m.dest) + partialSuffix
	err := os.Mkdir(partial, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there: another walmigrate is at work, or was killed; if it was,"+
			" remove the directory", partial)
	}
	if err != nil {
		return err
	}
	err = m.copy(ctx, partial)
	if err == nil {
		err = m.compare(ctx, partial)
	}
	if err == nil {
		err = put(partial, m.dest)
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(partial))
	}
	return nil
}

// put renames a directory, durably or not at all.
func put(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(filepath.Clean(to))); err != nil {
		return errors.Join(err, os.Rename(to, from))
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Batches have so many bytes, or one log where that has more, and so many logs.
const (
	batchBytes = 4 << 20
	batchLogs  = 4096
)

// copy makes a store of all values, and all logs.
func (m *migration) copy(ctx context.Context, path string) error {
	store, err := m.openStore(path)
	if err != nil {
		return err
	}
	for key, value := range m.stable {
		if err := store.Set([]byte(key), value); err != nil {
			return errors.Join(unfit(err), store.Close())
		}
	}
	var batch []*raft.Log
	size := 0
	flush := func() error {
		err := store.StoreLogs(batch)
		clear(batch)
		batch, size = batch[:0], 0
		return unfit(err)
	}
	err = m.each(ctx, "copying", func(log *raft.Log) error {
		more := entryBytes(log)
		if len(batch) == batchLogs || size > 0 && size+more > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		batch = append(batch, log)
		size += more
		return nil
	})
	if err == nil {
		err = flush()
	}
	return errors.Join(err, store.Close())
}

// each reads all logs that are to be copied, and gives each to a function, for keeps.
func (m *migration) each(ctx context.Context, what string, f func(*raft.Log) error) error {
	if m.extent.count == 0 {
		return nil
	}
	m.progress.begin(what, m.count())
	for index := m.extent.behindGap; ; index++ {
		if ctx.Err() != nil {
			return fail(codeInterrupted, "interrupted: nothing is copied")
		}
		log := new(raft.Log)
		if err := m.from.GetLog(index, log); err != nil {
			return err
		}
		if err := f(log); err != nil {
			return err
		}
		m.progress.at(index - m.extent.behindGap + 1)
		if index == m.extent.last {
			return nil
		}
	}
}

func (m *migration) openStore(path string) (*raftwal.Store, error) {
	return raftwal.Open(path, wal.WithMaxRecordBytes(m.maxEntryBytes))
}

// count is how many logs are copied.
func (m *migration) count() uint64 {
	if m.extent.count == 0 {
		return 0
	}
	return m.extent.last - m.extent.behindGap + 1
}

func (m *migration) did() string {
	logs := "no logs"
	if n := m.count(); n > 0 {
		logs = fmt.Sprintf("%s, index %d to %d,", counted(n, "log"), m.extent.behindGap,
			m.extent.last)
	}
	text := fmt.Sprintf("copied %s and %s from %s to %s, and compared them", logs,
		counted(uint64(len(m.stable)), "stable value"), m.source, m.dest)
	if dropped := m.extent.count - m.count(); dropped > 0 {
		text += fmt.Sprintf("; left out %s before a gap", counted(dropped, "log"))
	}
	return text
}

func counted(n uint64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
