// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	wal "github.com/libwal/libwal/bindings/go"
)

// What is in a source of either kind is at DEST afterwards, and the source as it was.
func TestMigrate(t *testing.T) {
	large := logs(1, 4, 3<<20)
	large[3].Extensions = make([]byte, 2<<20)
	contents := map[string]content{
		"nothing":     {},
		"only values": voted,
		"one log":     with(logs(1, 1, 10)...),
		"from above":  with(logs(4711, 4790, 10)...),
		"many":        with(logs(1, 5000, 30)...),
		"large":       with(large...),
	}
	for kind := range stores {
		for what, want := range contents {
			t.Run(kind+"/"+what, func(t *testing.T) {
				source := newSource(t, kind, want)
				before := files(t, source)
				dest := filepath.Join(inMemory(t), "raft.wal")
				does(t, codeDone, "walmigrate: copied ", source, dest)
				isAt(t, dest, want)
				unchanged(t, source, before)
				gone(t, dest+partialSuffix)
			})
		}
	}
}

// raft-boltdb writes times in one of two formats.
func TestNewTimeFormat(t *testing.T) {
	want := content{logs: logs(1, 20, 10)}
	source := filepath.Join(inMemory(t), "raft.db")
	store := must(raftboltdb.New(raftboltdb.Options{Path: source, MsgpackUseNewTimeFormat: true}))(t)
	check(t, store.StoreLogs(want.logs))
	check(t, store.Close())
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeDone, "20 logs", source, dest)
	isAt(t, dest, want)
}

func TestKindIsSaid(t *testing.T) {
	want := with(logs(1, 5, 10)...)
	for kind := range stores {
		dest := filepath.Join(inMemory(t), "new")
		does(t, codeDone, "5 logs", "-from", kind, "-quiet", newSource(t, kind, want), dest)
		isAt(t, dest, want)
	}
}

func TestWhatItSays(t *testing.T) {
	for what, c := range map[string]content{
		"no logs and 0 stable values":               {},
		"3 logs, index 7 to 9, and 3 stable values": with(logs(7, 9, 1)...),
		"1 log, index 7 to 7, and 0 stable values":  {logs: logs(7, 7, 1)},
		"no logs and 1 stable value":                {values: map[string]string{"LastVoteCand": ""}},
		"no logs and 2 stable values":               {numbers: voted.numbers},
	} {
		source, dest := newSource(t, "raft-wal", c), filepath.Join(inMemory(t), "new")
		r := migrated(t, openSource, source, dest)
		equal(t, r.out, fmt.Sprintf("walmigrate: copied %s from %s to %s, and compared them\n", what,
			source, dest))
		equal(t, r.messages, "")
		isAt(t, dest, c)
	}
}

// What was deleted in a source, at either end, isn't copied.
func TestDeleted(t *testing.T) {
	for kind, make := range stores {
		store, path := make(t, inMemory(t))
		check(t, store.StoreLogs(logs(1, 3000, 200)))
		check(t, store.DeleteRange(1, 1200))
		check(t, store.DeleteRange(2500, 3000))
		check(t, store.StoreLogs(logs(2500, 2600, 7)))
		check(t, store.Close())
		dest := filepath.Join(inMemory(t), "new")
		does(t, codeDone, "index 1201 to 2600", path, dest)
		isAt(t, dest, content{logs: append(logs(1201, 2499, 200), logs(2500, 2600, 7)...)})

		store, path = make(t, inMemory(t))
		check(t, store.StoreLogs(logs(1, 3000, 200)))
		check(t, store.DeleteRange(1, 3000))
		check(t, store.Close())
		dest = filepath.Join(inMemory(t), kind)
		does(t, codeDone, "no logs", path, dest)
		isAt(t, dest, content{})
	}
}

func TestDestination(t *testing.T) {
	want := with(logs(1, 5, 10)...)
	source := newSource(t, "boltdb", want)
	parent := inMemory(t)

	file := filepath.Join(parent, "file")
	check(t, os.WriteFile(file, []byte("precious"), 0o600))
	does(t, codeFailed, "not a directory", source, file)
	does(t, codeFailed, "isn't empty", source, parent)
	equal(t, string(must(os.ReadFile(file))(t)), "precious")
	does(t, codeFailed, "no such file", source, filepath.Join(parent, "no", "where"))

	link := filepath.Join(parent, "link")
	check(t, os.Symlink(must(os.MkdirTemp(parent, ""))(t), link))
	does(t, codeFailed, "making place", source, link)

	empty := filepath.Join(parent, "empty")
	check(t, os.Mkdir(empty, 0o755))
	does(t, codeFailed, "no such file", filepath.Join(parent, "none"), empty)
	equal(t, must(os.Stat(empty))(t).IsDir(), true)
	does(t, codeDone, "copied", source, empty+"/")
	isAt(t, empty, want)
	does(t, codeFailed, "isn't empty", source, empty)
	isAt(t, empty, want)

	dest := filepath.Join(parent, "new")
	check(t, os.Mkdir(dest+partialSuffix, 0o700))
	r := migrated(t, openSource, source, dest)
	equal(t, r.code, codeFailed)
	equal(t, strings.Contains(r.messages, "another walmigrate is at work, or was killed"), true)
	gone(t, dest)
	check(t, os.Remove(dest+partialSuffix))
}

// What a raftwal store can't hold is told before anything is written.
func TestUnfit(t *testing.T) {
	dest := filepath.Join(inMemory(t), "new")
	keys := map[string]string{}
	for i := range 64 {
		keys[fmt.Sprintf("key %d", i)] = "value"
	}
	gap := append(logs(3, 4, 1), logs(7, 9, 1)...)
	for kind := range stores {
		does(t, codeUnfit, "64 stable values", newSource(t, kind, content{values: keys}), dest)
		does(t, codeUnfit, "stable key \"kkk", newSource(t, kind, content{
			values: map[string]string{strings.Repeat("k", 65): "v"}}), dest)
		does(t, codeUnfit, "1025 bytes", newSource(t, kind, content{
			values: map[string]string{"key": strings.Repeat("v", 1025)}}), dest)
		does(t, codeUnfit, "own key", newSource(t, kind, content{
			values: map[string]string{"raftwal": "v"}}), dest)
	}
	gone(t, dest)

	source := newSource(t, "boltdb", with(append(logs(1, 1, 1), gap...)...))
	does(t, codeUnfit, "between 1 and 7", source, dest)
	gone(t, dest)
	does(t, codeDone, "left out 3 logs before a gap", "-drop-before-gap", source, dest)
	isAt(t, dest, with(logs(7, 9, 1)...))
	does(t, codeUnfit, "index 0", newSource(t, "boltdb", content{logs: logs(0, 3, 1)}), dest+"2")

	most := map[string]string{}
	for i := range 63 {
		most[fmt.Sprintf("%064d", i)] = strings.Repeat("v", 1024)
	}
	for kind := range stores {
		dest := filepath.Join(inMemory(t), "most")
		does(t, codeDone, "63 stable", newSource(t, kind, content{values: most}), dest)
		isAt(t, dest, content{values: most})
	}
}

// The largest entry is 16 MiB where nothing is said. Who only reads larger ones needs to say
// nothing.
func TestTooLarge(t *testing.T) {
	equal(t, must(parse([]string{"source", "dest"}, io.Discard))(t).maxEntryBytes, 16<<20)
	large := content{logs: logs(1, 3, 1)}
	large.logs[1].Extensions = make([]byte, 5000)
	source := newSource(t, "boltdb", large)
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeUnfit, "index 2 has 5003 bytes, more than the 4000", "-max-entry-bytes", "4000",
		source, dest)
	gone(t, dest)
	does(t, codeDone, "3 logs", "-max-entry-bytes", "6000", source, dest)
	isAt(t, dest, large, wal.WithMaxRecordBytes(1000))
}

// An entry that fits but for its header is found by the store.
func TestJustTooLarge(t *testing.T) {
	just := logs(1, 2, 1)
	just[1].Data = make([]byte, 1000)
	source := newSource(t, "boltdb", content{logs: just})
	dest := filepath.Join(inMemory(t), "new")
	does(t, codeUnfit, "storing index 1 to 2", "-max-entry-bytes", "1003", source, dest)
	gone(t, dest)
	does(t, codeDone, "", "-max-entry-bytes", "1042", source, dest)
}

// Raft-wal keeps numbers the other way round, and not which values are numbers.
func TestNumbers(t *testing.T) {
	c := content{
		numbers: map[string]uint64{"mine": 1},
		values:  map[string]string{"text": "8 bytes.", "LastVoteCand": "server-1"},
	}
	source, dest := newSource(t, "raft-wal", c), filepath.Join(inMemory(t), "new")
	does(t, codeUnfit, "has 8 bytes", source, dest)
	does(t, codeUnfit, `"text" has 8 bytes`, "-number", "mine", source, dest)
	gone(t, dest)
	does(t, codeDone, "3 stable values", "-number", "mine", "-bytes", "text", source, dest)
	isAt(t, dest, c)
	source = newSource(t, "raft-wal", content{values: map[string]string{"CurrentTerm": "seven"}})
	does(t, codeDamaged, "is no number", source, dest+"2")
	does(t, codeDone, "3 stable values", newSource(t, "boltdb", c), dest+"3")
	isAt(t, dest+"3", c)
}

// A store that is open, as a server has it, isn't touched.
func TestInUse(t *testing.T) {
	for _, make := range stores {
		store, path := make(t, inMemory(t))
		dest := filepath.Join(inMemory(t), "new")
		does(t, codeInUse, "another process has it open", path, dest)
		gone(t, dest)
		check(t, store.Close())
		does(t, codeDone, "", path, dest)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"source"}, {"a", "b", "c"}, {"-from", "etcd", "a", "b"}, {"-what", "a", "b"},
		{"-max-entry-bytes", "0", "a", "b"}, {"-max-entry-bytes", "1073741825", "a", "b"},
	} {
		r := migrated(t, openSource, args...)
		equal(t, r.code, codeUsage)
		equal(t, strings.Contains(r.messages, "usage: walmigrate"), true)
	}
	equal(t, migrated(t, openSource, "-h").code, codeDone)
}

// A field that raft adds has to be compared, too.
func TestFieldsOfALog(t *testing.T) {
	var names []string
	for field := range reflect.TypeFor[raft.Log]().NumField() {
		names = append(names, reflect.TypeFor[raft.Log]().Field(field).Name)
	}
	equal(t, strings.Join(names, " "), "Index Term Type Data Extensions AppendedAt")
}
