// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
	"go.etcd.io/bbolt"
)

// damaged copies a source with a change to one of its files.
func damaged(t *testing.T, source, file string, change func([]byte) []byte) string {
	t.Helper()
	to := inMemory(t)
	result := to
	for name, content := range files(t, source) {
		if name == file {
			content = string(change([]byte(content)))
		}
		check(t, os.WriteFile(filepath.Join(to, filepath.Base(name)), []byte(content), 0o600))
		if name == source {
			result = filepath.Join(to, filepath.Base(name))
		}
	}
	return result
}

// Damage that is found, in whatever way a library says so, is told, and nothing is copied. Bbolt
// has no checksums: what isn't found is copied as it gives it. Of raft-wal all is found, but for an
// end that may be a write that was cut short, which is noted.
func TestDamaged(t *testing.T) {
	want := with(logs(1, 1000, 250)...)
	for kind := range stores {
		source := newSource(t, kind, want)
		found := 0
		for file, content := range files(t, source) {
			step := max(4096, len(content)/25/4096*4096)
			for at := 0; at < len(content); at += step {
				end := min(at+step, len(content))
				if strings.Trim(content[at:end], "\x00") == "" {
					continue
				}
				fill := []byte{0, 0x55, 0xff}[at/step%3]
				bad := damaged(t, source, file, func(data []byte) []byte {
					copy(data[at:end], bytes.Repeat([]byte{fill}, step))
					return data
				})
				if refuses(t, bad, want, kind == "raft-wal" && strings.HasSuffix(file, ".wal")) {
					found++
				}
			}
		}
		t.Logf("%s: found %d times", kind, found)
		if found < 10 {
			t.Fatalf("found %d times only", found)
		}
	}
}

// refuses says whether a damaged source was found to be one; where checksums protect it, a copy has
// either all that there was, or a note.
func refuses(t *testing.T, source string, want content, protected bool) bool {
	t.Helper()
	dest := filepath.Join(inMemory(t), "new")
	r := migrated(t, openSource, "-quiet", source, dest)
	switch {
	case r.code == codeDamaged || r.code == codeUnfit:
		gone(t, dest)
		gone(t, dest+partialSuffix)
		return true
	case r.code != codeDone:
		t.Fatalf("code %d: %s", r.code, r.messages)
	case protected && !strings.Contains(r.messages, "a write that was cut short"):
		isAt(t, dest, want)
	}
	return false
}

// An end that was cut short isn't copied, as raft-wal itself gives it up, and is noted.
func TestTornEnd(t *testing.T) {
	source := newSource(t, "raft-wal", with(logs(1, 250, 60)...))
	file := must(filepath.Glob(filepath.Join(source, "*.wal")))(t)[0]
	bad := damaged(t, source, file, func(data []byte) []byte {
		end := len(bytes.TrimRight(data, "\x00"))
		clear(data[end-100:])
		return data
	})
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeDone, "is a write that was cut short", bad, dest)
	isAt(t, dest, with(logs(1, 200, 60)...))
}

func TestCutShort(t *testing.T) {
	source := newSource(t, "boltdb", with(logs(1, 3000, 60)...))
	for _, size := range []int{0, 1, 4096, 10000, 20480} {
		bad := damaged(t, source, source, func(data []byte) []byte { return data[:size] })
		does(t, codeDamaged, "as boltdb", "-from", "boltdb", bad, filepath.Join(inMemory(t), "new"))
	}
	source = newSource(t, "raft-wal", with(logs(1, 9000, 60)...))
	names := must(filepath.Glob(filepath.Join(source, "*.wal")))(t)
	slices.Sort(names)
	bad := damaged(t, source, names[0], func(data []byte) []byte { return data[:100_000] })
	does(t, codeDamaged, "is damaged behind byte 99", bad, filepath.Join(inMemory(t), "new"))
	check(t, os.Remove(filepath.Join(bad, filepath.Base(names[0]))))
	does(t, codeDamaged, "no such file", bad, filepath.Join(inMemory(t), "new"))
}

// A log in another one's place is told by its index.
func TestWrongIndex(t *testing.T) {
	source := newSource(t, "boltdb", with(logs(1, 20, 60)...))
	db := must(bbolt.Open(source, 0, nil))(t)
	check(t, db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(boltLogs)
		return bucket.Put([]byte{0, 0, 0, 0, 0, 0, 0, 7}, bucket.Get([]byte{0, 0, 0, 0, 0, 0, 0, 8}))
	}))
	check(t, db.Close())
	does(t, codeDamaged, "index 7 of "+source+": it is the log of index 8", source,
		filepath.Join(inMemory(t), "new"))
}

func TestNoSource(t *testing.T) {
	dir := inMemory(t)
	dest := filepath.Join(dir, "new")
	text := filepath.Join(dir, "text")
	check(t, os.WriteFile(text, bytes.Repeat([]byte("not a database\n"), 1000), 0o600))
	does(t, codeDamaged, "as boltdb", text, dest)
	does(t, codeDamaged, "as raft-wal", "-from", "raft-wal", text, dest)
	does(t, codeDamaged, "is neither", dir, dest)
	does(t, codeDamaged, "as raft-wal", "-from", "raft-wal", dir, dest)
	gone(t, filepath.Join(dir, metadb.FileName))
	does(t, codeDamaged, "as boltdb", "-from", "boltdb", dir, dest)
	does(t, codeFailed, "no such file", filepath.Join(dir, "none"), dest)
	other := filepath.Join(dir, "other.db")
	check(t, must(bbolt.Open(other, 0o600, nil))(t).Close())
	does(t, codeDamaged, "lacks the buckets", other, dest)
	gone(t, dest)
}

// A crash leaves a segment that is no longer needed, or none yet where there is to be one: raft-wal
// removes that, and makes this. The source stays as it is.
func TestLeftByACrash(t *testing.T) {
	want := with(logs(1, 20, 10)...)
	source := newSource(t, "raft-wal", want)
	check(t, os.WriteFile(filepath.Join(source, segment.FileName(types.SegmentInfo{
		BaseIndex: 1, ID: 99,
	})), []byte("left over"), 0o600))
	before := files(t, source)
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeDone, "20 logs", source, dest)
	isAt(t, dest, want)
	unchanged(t, source, before)

	source = newSource(t, "raft-wal", voted)
	for _, name := range must(filepath.Glob(filepath.Join(source, "*.wal")))(t) {
		check(t, os.Remove(name))
	}
	before = files(t, source)
	does(t, codeDone, "no logs and 3 stable values", source, dest+"2")
	isAt(t, dest+"2", voted)
	unchanged(t, source, before)
}

// A segment that raft-wal 0.4.0 has cut has no index in its database; all of it is copied.
func TestSegmentWithoutIndex(t *testing.T) {
	store, source := stores["raft-wal"](t, inMemory(t))
	check(t, store.StoreLogs(logs(1, 20, 10)))
	check(t, store.DeleteRange(16, 20))
	check(t, store.StoreLogs(logs(16, 18, 5)))
	check(t, store.Close())
	db := must(bbolt.Open(filepath.Join(source, metadb.FileName), 0, nil))(t)
	check(t, db.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket([]byte(metadb.MetaBucket))
		var state types.PersistentState
		if err := json.Unmarshal(bucket.Get([]byte(metadb.MetaKey)), &state); err != nil {
			return err
		}
		if state.Segments[0].IndexStart == 0 {
			return errors.New("it has none already")
		}
		state.Segments[0].IndexStart = 0
		content, err := json.Marshal(state)
		return errors.Join(err, bucket.Put([]byte(metadb.MetaKey), content))
	}))
	check(t, db.Close())
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeDone, "index 1 to 18", source, dest)
	isAt(t, dest, content{logs: append(logs(1, 15, 10), logs(16, 18, 5)...)})
}

// liar is a source that gives something else from a certain call on.
type liar struct {
	source
	calls  int
	after  int
	change func(*raft.Log)
	values int // so many calls of stable are honest
	forge  func(map[string][]byte)
}

func (l *liar) GetLog(index uint64, log *raft.Log) error {
	err := l.source.GetLog(index, log)
	if l.calls++; l.calls > l.after && l.change != nil {
		l.change(log)
	}
	return err
}

func (l *liar) stable() (map[string][]byte, error) {
	values, err := l.source.stable()
	if l.values--; l.values < 0 && l.forge != nil {
		l.forge(values)
	}
	return values, err
}

// Whatever is other in the copy than in the source is found, and the copy removed.
func TestCompare(t *testing.T) {
	path := newSource(t, "boltdb", with(logs(1, 100, 10)...))
	for field, change := range map[string]func(*raft.Log){
		"Term":       func(l *raft.Log) { l.Term++ },
		"Type":       func(l *raft.Log) { l.Type++ },
		"Data":       func(l *raft.Log) { l.Data = append(l.Data, 0) },
		"Extensions": func(l *raft.Log) { l.Extensions = []byte("other") },
		"AppendedAt": func(l *raft.Log) { l.AppendedAt = l.AppendedAt.Add(time.Nanosecond) },
	} {
		lies(t, path, "the copy of index 50 has another "+field, func(from source) source {
			return &liar{source: from, after: 249, change: change}
		})
	}
	for says, forge := range map[string]func(map[string][]byte){
		"has 3 stable values, not 4": func(v map[string][]byte) { v["more"] = nil },
		"has 3 stable values, not 2": func(v map[string][]byte) { delete(v, "CurrentTerm") },
		`"CurrentTerm" is`:           func(v map[string][]byte) { v["CurrentTerm"] = []byte("8") },
		`"other" is ""`: func(v map[string][]byte) {
			maps.Copy(v, map[string][]byte{"other": {}})
			delete(v, "CurrentTerm")
		},
	} {
		lies(t, path, says, func(from source) source {
			return &liar{source: from, values: 1, forge: forge}
		})
	}
}

func lies(t *testing.T, path, says string, lie func(source) source) {
	t.Helper()
	dest := filepath.Join(inMemory(t), "new")
	r := migrated(t, func(s *settings) (source, error) {
		from, err := openSource(s)
		return lie(from), err
	}, path, dest)
	if r.code != codeFailed || !strings.Contains(r.messages, says) {
		t.Fatalf("code %d, not %q: %s%s", r.code, says, r.out, r.messages)
	}
	gone(t, dest)
	gone(t, dest+partialSuffix)
}
