// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	hashicorpwal "github.com/hashicorp/raft-wal"
	wal "github.com/libwal/libwal/bindings/go"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// What tests share: sources with content, runs, and looking at what is at DEST then.

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%v, not %v", got, want)
	}
}

func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return value
	}
}

// inMemory gives a directory without a disk below it.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "walmigrate-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// A closingStore is what the stores of both kinds are.
type closingStore interface {
	raft.LogStore
	raft.StableStore
	io.Closer
}

// stores makes sources: in the directory, at the path that is given back.
var stores = map[string]func(t testing.TB, dir string) (closingStore, string){
	"boltdb": func(t testing.TB, dir string) (closingStore, string) {
		path := filepath.Join(dir, "raft.db")
		store, err := raftboltdb.New(raftboltdb.Options{Path: path, NoSync: true})
		check(t, err)
		return store, path
	},
	"raft-wal": func(t testing.TB, dir string) (closingStore, string) {
		log, err := hashicorpwal.Open(dir, hashicorpwal.WithSegmentSize(256<<10),
			hashicorpwal.WithLogger(hclog.NewNullLogger()))
		check(t, err)
		return log, dir
	},
}

// content is what is in a source.
type content struct {
	logs    []*raft.Log
	numbers map[string]uint64
	values  map[string]string
}

var voted = content{
	numbers: map[string]uint64{"CurrentTerm": 0x0102030405060708, "LastVoteTerm": 7},
	values:  map[string]string{"LastVoteCand": "server-2"},
}

// logs makes those from first to last, of all types and with all combinations of fields.
func logs(first, last uint64, bytes int) []*raft.Log {
	var all []*raft.Log
	for index := first; index <= last; index++ {
		log := &raft.Log{Index: index, Term: index / 10, Type: raft.LogType(index % 6)}
		if index%2 == 0 {
			log.Data = fmt.Appendf(nil, "%d %s", index, strings.Repeat("d", bytes))
		}
		if index%3 == 0 {
			log.Extensions = fmt.Appendf(nil, "e%d", index)
		}
		if index%5 != 0 {
			log.AppendedAt = time.Unix(1_700_000_000+int64(index), 123456789)
		}
		all = append(all, log)
	}
	return all
}

func with(logs ...*raft.Log) content {
	return content{logs, voted.numbers, voted.values}
}

// newSource makes a source, and gives its path.
func newSource(t testing.TB, kind string, c content) string {
	t.Helper()
	store, path := stores[kind](t, inMemory(t))
	for rest := c.logs; len(rest) > 0; {
		n := min(len(rest), 100)
		check(t, store.StoreLogs(rest[:n]))
		rest = rest[n:]
	}
	for key, number := range c.numbers {
		check(t, store.SetUint64([]byte(key), number))
	}
	for key, value := range c.values {
		check(t, store.Set([]byte(key), []byte(value)))
	}
	check(t, store.Close())
	return path
}

// result is what a run says.
type result struct {
	code     int
	out      string
	messages string
}

func migrated(t testing.TB, open opener, args ...string) result {
	t.Helper()
	messages := must(os.Create(filepath.Join(t.TempDir(), "messages")))(t)
	defer messages.Close()
	var out bytes.Buffer
	code := run(args, &out, messages, open)
	return result{code, out.String(), string(must(os.ReadFile(messages.Name()))(t))}
}

// does runs the program, which has to come to its end with this code, and say this.
func does(t testing.TB, code int, says string, args ...string) {
	t.Helper()
	r := migrated(t, openSource, args...)
	if r.code != code || !strings.Contains(r.out+r.messages, says) {
		t.Fatalf("code %d, not %d, or not %q:\n%s%s", r.code, code, says, r.out, r.messages)
	}
	if dest := args[len(args)-1]; code != codeDone {
		gone(t, dest+partialSuffix)
	}
}

// gone checks that there is no such file.
func gone(t testing.TB, path string) {
	t.Helper()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Fatalf("%s is there: %v", path, err)
	}
}

// isAt checks that a store is there that has this and no more.
func isAt(t testing.TB, path string, want content, options ...raftwal.Option) {
	t.Helper()
	store := must(raftwal.Open(path, append(options, wal.WithCreate(false))...))(t)
	defer store.Close()
	var first, last uint64
	if n := len(want.logs); n > 0 {
		first, last = want.logs[0].Index, want.logs[n-1].Index
	}
	equal(t, must(store.FirstIndex())(t), first)
	equal(t, must(store.LastIndex())(t), last)
	for _, log := range want.logs {
		var got raft.Log
		check(t, store.GetLog(log.Index, &got))
		equal(t, difference(&got, log), "")
	}
	for key, number := range want.numbers {
		equal(t, must(store.GetUint64([]byte(key)))(t), number)
	}
	for key, value := range want.values {
		equal(t, string(must(store.Get([]byte(key)))(t)), value)
	}
	all := must(store.Log().Meta().All())(t)
	delete(all, "raftwal")
	equal(t, len(all), len(want.numbers)+len(want.values))
}

// files gives the content of a file, or of all that are in a directory.
func files(t testing.TB, path string) map[string]string {
	t.Helper()
	names := must(filepath.Glob(filepath.Join(path, "*")))(t)
	content := make(map[string]string)
	for _, name := range append(names, path) {
		if info := must(os.Stat(name))(t); info.Mode().IsRegular() {
			content[name] = string(must(os.ReadFile(name))(t))
		}
	}
	return content
}

func unchanged(t testing.TB, path string, before map[string]string) {
	t.Helper()
	if !maps.Equal(files(t, path), before) {
		t.Fatalf("%s has changed", path)
	}
}
