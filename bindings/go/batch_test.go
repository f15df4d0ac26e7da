// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

func newBatch(t *testing.T, log *wal.Log) *wal.Batch {
	b := must(log.NewBatch())(t)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func TestBatch(t *testing.T) {
	log := newLog(t)
	b := newBatch(t, log)
	check(t, b.Append([]byte("a")))
	check(t, b.AppendTyped(5, []byte("bc")))
	check(t, b.AppendRecords([]wal.Record{{Type: 6, Data: []byte("d")}}))
	check(t, b.AppendPacked([]byte("ef"), []uint32{1, 1}, []uint16{7, 8}))
	equal(t, b.Count(), 5)
	equal(t, b.Bytes(), 6)
	equal(t, must(log.Range())(t).Last, 0)
	first, last, err := b.Commit(background, 0)
	check(t, err)
	equal(t, first, 1)
	equal(t, last, 5)
	equal(t, must(log.Range())(t).Durable, 5)
	equal(t, must(log.Get(3, nil))(t).Type, 6)
	equal(t, must(log.Get(5, nil))(t).Type, 8)
	equal(t, b.Count(), 0)
	first, last, err = b.Commit(background, 0)
	check(t, err)
	equal(t, first+last, 0)
	check(t, b.Append([]byte("gone")))
	check(t, b.Abort())
	equal(t, b.Count(), 0)
	holds(t, log, 1, "a", "bc", "d", "e", "f")
}

func TestBatchMeta(t *testing.T) {
	log := newLog(t)
	b := newBatch(t, log)
	check(t, b.Append(nil))
	check(t, b.SetMeta("cursor", []byte("1")))
	check(t, b.SetMeta("empty", nil))
	_, err := log.Meta().Get("cursor")
	wants(t, err, wal.ErrNotFound)
	_, _, err = b.Commit(background, 0)
	check(t, err)
	equal(t, string(must(log.Meta().Get("cursor"))(t)), "1")
	if value := must(log.Meta().Get("empty"))(t); value == nil || len(value) > 0 {
		t.Fatal(value)
	}
	check(t, b.DeleteMeta("cursor"))
	first, last, err := b.Commit(background, 0)
	check(t, err)
	equal(t, first+last, 0)
	_, err = log.Meta().Get("cursor")
	wants(t, err, wal.ErrNotFound)
	check(t, b.DeleteMeta("cursor"))
	_, _, err = b.Commit(background, 0)
	wants(t, err, wal.ErrNotFound)
}

func TestBatchReplaceAfter(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	b := newBatch(t, log)
	check(t, b.Append([]byte("new")))
	check(t, b.SetMeta("vote", []byte("7")))
	first, last, err := b.ReplaceAfter(1)
	check(t, err)
	equal(t, first, 2)
	equal(t, last, 2)
	holds(t, log, 1, string(payload(1)), "new")
	equal(t, string(must(log.Meta().Get("vote"))(t)), "7")
	check(t, b.Append(nil))
	_, _, err = b.ReplaceAfter(9)
	wants(t, err, wal.ErrRange)
	equal(t, b.Count(), 1)
}

func TestBatchRefuses(t *testing.T) {
	log := newLog(t, wal.WithMaxRecordBytes(10))
	b := newBatch(t, log)
	check(t, b.Append([]byte("a")))
	wants(t, b.Append(make([]byte, 11)), wal.ErrTooBig)
	wants(t, b.AppendRecords(nil), wal.ErrInvalid)
	wants(t, b.AppendPacked([]byte("ab"), []uint32{1}, nil), wal.ErrInvalid)
	wants(t, b.AppendPacked(make([]byte, 11), []uint32{11}, nil), wal.ErrTooBig)
	wants(t, b.SetTag(make([]byte, 65)), wal.ErrTooBig)
	wants(t, b.SetMeta("", nil), wal.ErrInvalid)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, _, err := b.Commit(ctx, 0)
	equal(t, err, context.Canceled)
	_, _, err = b.Commit(background, 1<<20)
	wants(t, err, wal.ErrInvalid)
	equal(t, b.Count(), 1)
}

// A batch may be larger than what a group holds; then it goes by way of a file.
func TestLargeBatch(t *testing.T) {
	log := newLog(t, wal.WithGroupBytes(64<<10))
	b := newBatch(t, log)
	data := bytes.Repeat([]byte("x"), 10_000)
	for range 100 {
		check(t, b.Append(data))
	}
	equal(t, b.Bytes(), 1_000_000)
	_, last, err := b.Commit(background, 0)
	check(t, err)
	equal(t, last, 100)
	equal(t, bytes.Equal(must(log.Get(100, nil))(t).Data, data), true)
}

func TestMeta(t *testing.T) {
	log := newLog(t)
	m := log.Meta()
	equal(t, len(must(m.All())(t)), 0)
	check(t, m.Set("a", []byte("1")))
	check(t, m.Set("b\x00c", nil))
	check(t, m.Set("a", bytes.Repeat([]byte("x"), 1024)))
	wants(t, m.Set("", nil), wal.ErrInvalid)
	all := must(m.All())(t)
	equal(t, len(all), 2)
	equal(t, len(all["a"]), 1024)
	equal(t, len(all["b\x00c"]), 0)
	check(t, m.Delete("a"))
	wants(t, m.Delete("a"), wal.ErrNotFound)
	check(t, log.Close())
	again := open(t, log.Path())
	defer again.Close()
	equal(t, len(must(again.Meta().Get("b\x00c"))(t)), 0)
}

func TestAllKeysOfMeta(t *testing.T) {
	log := newLog(t)
	b := newBatch(t, log)
	for i := range 64 {
		key := bytes.Repeat([]byte{byte(i)}, 64)
		check(t, b.SetMeta(string(key), bytes.Repeat([]byte{byte(i)}, 1024)))
	}
	_, _, err := b.Commit(background, 0)
	check(t, err)
	all := must(log.Meta().All())(t)
	equal(t, len(all), 64)
	for key, value := range all {
		equal(t, len(value), 1024)
		equal(t, key[0], value[1023])
	}
}

func TestCheckpoint(t *testing.T) {
	log := newLog(t)
	fill(t, log, 5)
	for _, size := range []int{0, 10, 5000} {
		state := bytes.Repeat([]byte("s"), size)
		check(t, log.Checkpoint(3, state))
		lsn, got, err := log.LastCheckpoint()
		check(t, err)
		equal(t, lsn, 3)
		equal(t, string(got), string(state))
	}
	lsn, state, err := log.SegmentCheckpoint(1)
	check(t, err)
	equal(t, lsn, 3)
	equal(t, len(state), 5000)
	_, _, err = log.SegmentCheckpoint(7)
	wants(t, err, wal.ErrNotFound)
	wants(t, log.Checkpoint(2, nil), wal.ErrRange)
	check(t, log.Close())
	again := open(t, log.Path())
	defer again.Close()
	equal(t, again.Recovery().CheckpointLSN, 3)
	lsn, _, err = again.LastCheckpoint()
	check(t, err)
	equal(t, lsn, 3)
}
