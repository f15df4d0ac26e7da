// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftwal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
	"go.etcd.io/bbolt"
)

// raftWAL is a directory of raft-wal, which opens it: with a file system and a database of segments
// that change nothing, since it has no way to read only.
type raftWAL struct {
	log     *raftwal.WAL
	meta    *segmentDB
	numbers map[string]bool
}

func openRaftWAL(s *settings) (source, error) {
	db, err := openBolt(filepath.Join(s.source, metadb.FileName))
	if err != nil {
		return nil, err
	}
	meta := &segmentDB{db}
	files := segment.NewFiler(s.source, readOnlyFS{fs.New()})
	log, err := raftwal.Open(s.source, raftwal.WithMetaStore(meta),
		raftwal.WithSegmentFiler(filer{files, s.source, s.note}),
		raftwal.WithLogger(hclog.NewNullLogger()))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &raftWAL{log, meta, s.numbers}, nil
}

// extent has no gaps to find: raft-wal allows none.
func (r *raftWAL) extent() (extent, error) {
	first, firstErr := r.log.FirstIndex()
	last, lastErr := r.log.LastIndex()
	if err := errors.Join(firstErr, lastErr); err != nil || first == 0 {
		return extent{}, err
	}
	if last < first {
		return extent{}, fmt.Errorf("its logs go from %d to %d", first, last)
	}
	return extent{last - first + 1, first, last, first}, nil
}

func (r *raftWAL) GetLog(index uint64, log *raft.Log) error { return r.log.GetLog(index, log) }

// raftNumbers are the stable keys that raft itself uses, and whether it stores numbers there.
var raftNumbers = map[string]bool{"CurrentTerm": true, "LastVoteTerm": true, "LastVoteCand": false}

// stable turns numbers round, which raft-wal keeps with the lowest byte first. It doesn't keep
// which they are: a value of another length than 8 is none, and of others somebody has to say.
func (r *raftWAL) stable() (map[string][]byte, error) {
	values, err := bucketOf(r.meta.db, []byte(metadb.StableBucket))
	if err != nil {
		return nil, err
	}
	for key, value := range values {
		number, known := raftNumbers[key]
		if !known {
			number, known = r.numbers[key]
		}
		switch {
		case number && len(value) != 8:
			return nil, fmt.Errorf("%q has %d bytes, and is no number", key, len(value))
		case number:
			slices.Reverse(value)
		case !known && len(value) == 8:
			return nil, fail(codeUnfit, "the stable value %q has 8 bytes, and raft-wal doesn't say"+
				" whether they are a number, which raftwal keeps the other way round: say -number"+
				" %[1]s where SetUint64 has stored it, -bytes %[1]s where Set has", key)
		}
	}
	return values, nil
}

// Close closes the database, too.
func (r *raftWAL) Close() error { return r.log.Close() }

// segmentDB is raft-wal's database of its segments, to be looked at only.
type segmentDB struct{ db *bbolt.DB }

var errReadOnly = errors.New("the source is only read")

func (m *segmentDB) Load(string) (types.PersistentState, error) {
	var state types.PersistentState
	values, err := bucketOf(m.db, []byte(metadb.MetaBucket))
	if content, found := values[metadb.MetaKey]; err == nil && found {
		err = json.Unmarshal(content, &state)
	}
	return state, err
}

// CommitState is for the first segment of an empty log, which Open makes: it stays in memory.
func (m *segmentDB) CommitState(types.PersistentState) error { return nil }

func (m *segmentDB) GetStable([]byte) ([]byte, error) { return nil, errReadOnly }
func (m *segmentDB) SetStable([]byte, []byte) error   { return errReadOnly }
func (m *segmentDB) Close() error                     { return m.db.Close() }

// A filer looks at a segment's checksums before raft-wal opens it, which doesn't.
type filer struct {
	*segment.Filer
	dir  string
	note func(string)
}

// Open opens a segment that has no index as raft-wal does the newest one, by a walk through it:
// where raft-wal 0.4.0 has cut a segment it can't read that once it is opened again.
func (f filer) Open(info types.SegmentInfo) (types.SegmentReader, error) {
	if info.IndexStart == 0 {
		return f.RecoverTail(info)
	}
	if err := f.check(info); err != nil {
		return nil, err
	}
	return f.Filer.Open(info)
}

// RecoverTail opens the newest segment.
func (f filer) RecoverTail(info types.SegmentInfo) (types.SegmentWriter, error) {
	if err := f.check(info); err != nil {
		return nil, err
	}
	return f.Filer.RecoverTail(info)
}

func (f filer) check(info types.SegmentInfo) error {
	return checkSums(filepath.Join(f.dir, segment.FileName(info)), info.IndexStart, f.note)
}

// readOnlyFS lets raft-wal open what there is, and nothing else: left-over segments stay, and a
// segment that is missing, or yet to come, is an empty one that isn't on the disk.
type readOnlyFS struct{ types.VFS }

func (readOnlyFS) Create(string, string, uint64) (types.WritableFile, error) {
	return readOnlyFile{noFile{}}, nil
}

func (readOnlyFS) Delete(string, string) error { return nil }

func (f readOnlyFS) OpenWriter(dir, name string) (types.WritableFile, error) {
	file, err := f.OpenReader(dir, name)
	if err != nil {
		return nil, err
	}
	return readOnlyFile{file}, nil
}

type readOnlyFile struct{ types.ReadableFile }

func (readOnlyFile) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (readOnlyFile) Sync() error                        { return errReadOnly }

type noFile struct{}

func (noFile) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (noFile) Close() error                      { return nil }
