// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/metadb"
	"go.etcd.io/bbolt"
)

// A source is a store to be copied, opened read-only. As long as it is open no server can open it.
type source interface {
	// extent says which logs there are.
	extent() (extent, error)

	// GetLog is raft.LogStore's.
	GetLog(index uint64, log *raft.Log) error

	// stable gives all stable values, numbers as raftwal keeps them: the highest byte first.
	stable() (map[string][]byte, error)

	Close() error
}

// extent is which indexes there are.
type extent struct {
	count       uint64
	first, last uint64 // of all; the rest is 0 where count is
	behindGap   uint64 // the first one behind the last gap; first, where there is none
}

// kinds are the sources, by their name on the command line.
var kinds = map[string]opener{
	"boltdb":   openBoltDB,
	"raft-wal": openRaftWAL,
}

// lockWait is for how long a running server's lock on the source is waited for.
const lockWait = 200 * time.Millisecond

// openSource opens a source, of the kind that was said, or that its look says.
func openSource(s *settings) (source, error) {
	info, err := os.Stat(s.source)
	if err != nil {
		return nil, err
	}
	kind := s.kind
	if kind == "" {
		kind = kindOf(s.source, info)
	}
	if kind == "" {
		return nil, fail(codeDamaged, "%s is neither a file, as raft-boltdb has it, nor a directory"+
			" with %s in it, as raft-wal has it", s.source, metadb.FileName)
	}
	var opened source
	err = guarded(func() (err error) {
		opened, err = kinds[kind](s)
		return err
	})
	if err != nil {
		return nil, unreadable(err, "opening %s as %s", s.source, kind)
	}
	return &guard{opened, s.source}, nil
}

func kindOf(path string, info fs.FileInfo) string {
	if info.Mode().IsRegular() {
		return "boltdb"
	}
	if _, err := os.Stat(filepath.Join(path, metadb.FileName)); err == nil {
		return "raft-wal"
	}
	return ""
}

// unreadable says what an error of a source means: that a server has it open, that it may not be
// read, or that it is damaged, or another thing than was said.
func unreadable(err error, format string, values ...any) error {
	code := codeDamaged
	switch {
	case errors.Is(err, bbolt.ErrTimeout):
		code = codeInUse
		err = errors.New("another process has it open, for instance a server that is running")
	case errors.Is(err, fs.ErrPermission):
		code = codeFailed
	}
	return fail(code, "%s: %w", fmt.Sprintf(format, values...), err)
}

// guarded makes an error of what bbolt and raft-wal do when they meet some kinds of damage: a
// panic, or reading beyond the end of a file that is shorter than it says.
func guarded(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it can't be read: %v", p)
		}
	}()
	return f()
}

// guard is a source that gives errors with codes, and never panics.
type guard struct {
	source
	path string
}

func (g *guard) extent() (e extent, err error) {
	err = guarded(func() (err error) {
		e, err = g.source.extent()
		return err
	})
	if err != nil {
		err = unreadable(err, "looking for the logs of %s", g.path)
	}
	return e, err
}

func (g *guard) GetLog(index uint64, log *raft.Log) error {
	err := guarded(func() error { return g.source.GetLog(index, log) })
	if err == nil && log.Index != index {
		err = fmt.Errorf("it is the log of index %d", log.Index)
	}
	if err != nil {
		return unreadable(err, "index %d of %s", index, g.path)
	}
	return nil
}

func (g *guard) stable() (values map[string][]byte, err error) {
	err = guarded(func() (err error) {
		values, err = g.source.stable()
		return err
	})
	if err != nil && exitCode(err) == codeFailed {
		err = unreadable(err, "the stable values of %s", g.path)
	}
	return values, err
}
