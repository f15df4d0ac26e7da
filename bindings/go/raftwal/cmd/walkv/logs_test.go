// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/raft"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/raftwal"
)

// readLog decodes the log in a node's directory, up to an index.
func readLog(t testing.TB, p *process, last uint64) map[uint64]raft.Log {
	t.Helper()
	log, err := wal.Open(filepath.Join(p.dir, logName), wal.WithReadOnly())
	check(t, err)
	defer log.Close()
	entries := make(map[uint64]raft.Log)
	for record, err := range log.Records(t.Context(), 0) {
		check(t, err)
		if uint64(record.LSN) > last {
			break
		}
		var entry raft.Log
		check(t, raftwal.Decode(uint64(record.LSN), record.Data, &entry))
		entries[entry.Index] = entry
	}
	if _, is := entries[last]; !is {
		t.Fatalf("%s has no index %d", p.id, last)
	}
	return entries
}

// compareLogs finds the logs of all nodes equal where they overlap, and what was acknowledged in
// each of them, unless its log begins behind it. It says how many indexes all nodes have, and how
// often a node has begun to lead behind an index.
func compareLogs(
	t testing.TB, c *cluster, behind, last uint64, acked map[uint64]string,
) (shared, led int) {
	t.Helper()
	missing := maps.Clone(acked)
	first := readLog(t, c.nodes[0], last)
	common := maps.Clone(first)
	for _, p := range c.nodes {
		log := readLog(t, p, last)
		for index, entry := range log {
			if text, is := acked[index]; is && text != string(entry.Data) {
				t.Fatalf("index %d of %s is %.60q, not %.60q", index, p.id, entry.Data, text)
			}
			if other, is := first[index]; is && !same(other, entry) {
				t.Fatalf("%s has %+v, %s has %+v", c.nodes[0].id, other, p.id, entry)
			}
			delete(missing, index)
		}
		maps.DeleteFunc(common, func(index uint64, _ raft.Log) bool {
			_, is := log[index]
			return !is
		})
	}
	for index, text := range missing {
		t.Fatalf("index %d, %.60q, is in no log", index, text)
	}
	for index, entry := range first {
		if index > behind && strings.HasPrefix(string(entry.Data), opNode+" ") {
			led++
		}
	}
	return len(common), led
}

func same(a, b raft.Log) bool {
	return a.Term == b.Term && a.Type == b.Type && bytes.Equal(a.Data, b.Data) &&
		bytes.Equal(a.Extensions, b.Extensions) && a.AppendedAt.Equal(b.AppendedAt)
}
