// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"math"
	"slices"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

// cancellable gives a context that goes the other way than context.Background.
func cancellable(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(background)
	t.Cleanup(cancel)
	return ctx
}

func TestAppendIsDurable(t *testing.T) {
	for _, mode := range []wal.SyncMode{wal.SyncData, wal.SyncFull, wal.SyncDSync} {
		log := newLog(t, wal.WithSync(mode))
		for i, ctx := range []context.Context{background, cancellable(t)} {
			lsn := must(log.Append(ctx, []byte("x")))(t)
			equal(t, lsn, wal.LSN(i+1))
			equal(t, must(log.Range())(t).Durable, lsn)
		}
	}
}

func TestAppendIsBuffered(t *testing.T) {
	for _, mode := range []wal.SyncMode{wal.SyncNone, wal.SyncInterval} {
		log := newLog(t, wal.WithInterval(time.Hour, 0), wal.WithSync(mode))
		must(log.Append(background, []byte("x")))(t)
		must(log.Append(cancellable(t), []byte("x")))(t)
		equal(t, must(log.Range())(t), wal.Range{First: 1, Last: 2, Next: 3})
		must(log.AppendTyped(background, 0, nil, wal.FlagSync))(t)
		equal(t, must(log.Range())(t).Durable, 3)
		must(log.AppendTyped(cancellable(t), 0, nil, wal.FlagSync))(t)
		equal(t, must(log.Range())(t).Durable, 4)
	}
}

func TestAppendAsync(t *testing.T) {
	log := newLog(t)
	equal(t, must(log.AppendAsync(background, []byte("a")))(t), 1)
	equal(t, must(log.AppendTyped(background, 7, []byte("b"), wal.FlagAsync))(t), 2)
	equal(t, must(log.Range())(t).Durable, 0)
	check(t, log.Wait(background, 2))
	equal(t, must(log.Range())(t).Durable, 2)
	must(log.AppendTyped(background, 0, []byte("c"), wal.FlagSubmit))(t)
	until(t, "it is durable", func() bool { return must(log.Range())(t).Durable == 3 })
	holds(t, log, 1, "a", "b", "c")
}

func TestAppendBatch(t *testing.T) {
	log := newLog(t)
	for i, ctx := range []context.Context{background, cancellable(t)} {
		first := must(log.AppendBatch(ctx, [][]byte{[]byte("a"), nil, []byte("c")}))(t)
		equal(t, first, wal.LSN(3*i+1))
	}
	holds(t, log, 1, "a", "", "c", "a", "", "c")
	var last []wal.LSN
	for record, err := range log.Records(background, 0) {
		check(t, err)
		if record.BatchLast {
			last = append(last, record.LSN)
		}
	}
	if !slices.Equal(last, []wal.LSN{3, 6}) {
		t.Fatal(last)
	}
}

func TestAppendRecords(t *testing.T) {
	log := newLog(t)
	records := []wal.Record{{Type: 1, Data: []byte("a")}, {Type: 65535, Data: []byte("b")}}
	equal(t, must(log.AppendRecords(background, records, wal.FlagAsync))(t), 1)
	equal(t, must(log.Get(2, nil))(t).Type, 65535)
	equal(t, must(log.Range())(t).Durable, 0)
}

func TestAppendPacked(t *testing.T) {
	log := newLog(t)
	sizes := []uint32{1, 0, 2}
	for i, ctx := range []context.Context{background, cancellable(t)} {
		first := must(log.AppendPacked(ctx, []byte("abc"), sizes, nil, 0))(t)
		equal(t, first, wal.LSN(3*i+1))
	}
	types := []uint16{7, 8, 65535}
	equal(t, must(log.AppendPacked(background, []byte("def"), sizes, types, wal.FlagAsync))(t), 7)
	holds(t, log, 1, "a", "", "bc", "a", "", "bc")
	equal(t, must(log.Range())(t).Durable, 6)
	equal(t, must(log.Get(3, nil))(t).Type, 0)
	equal(t, must(log.Get(9, nil))(t).Type, 65535)
	check(t, log.Sync(background))
	holds(t, log, 1, "a", "", "bc", "a", "", "bc", "d", "", "ef")
}

// What is kept of one batch for the next ones doesn't show in them.
func TestBatchesOfAllSizes(t *testing.T) {
	log := newLog(t)
	large := bytes.Repeat([]byte("x"), 3<<20)
	want := []string{"a", string(large), "b", "c", "d"}
	records := []wal.Record{{Type: 9, Data: []byte("a")}, {Data: large}}
	must(log.AppendRecords(background, records, 0))(t)
	must(log.AppendBatch(background, [][]byte{[]byte("b"), []byte("c")}))(t)
	must(log.AppendRecords(background, []wal.Record{{Type: 5, Data: []byte("d")}}, 0))(t)
	holds(t, log, 1, want...)
	for i, typ := range []uint16{9, 0, 0, 0, 5} {
		equal(t, must(log.Get(wal.LSN(i+1), nil))(t).Type, typ)
	}
}

func TestAppendRefuses(t *testing.T) {
	log := newLog(t, wal.WithMaxRecordBytes(10))
	for _, ctx := range []context.Context{background, cancellable(t)} {
		lsn, err := log.Append(ctx, make([]byte, 11))
		wants(t, err, wal.ErrTooBig)
		equal(t, lsn, 0)
		_, err = log.AppendBatch(ctx, nil)
		wants(t, err, wal.ErrInvalid)
		_, err = log.AppendBatch(ctx, [][]byte{nil, make([]byte, 11)})
		wants(t, err, wal.ErrTooBig)
		_, err = log.AppendPacked(ctx, nil, nil, nil, 0)
		wants(t, err, wal.ErrInvalid)
		_, err = log.AppendPacked(ctx, make([]byte, 11), []uint32{11}, nil, 0)
		wants(t, err, wal.ErrTooBig)
		for _, sizes := range [][]uint32{nil, {1}, {1, 2}, {math.MaxUint32, 3}} {
			_, err = log.AppendPacked(ctx, []byte("ab"), sizes, nil, 0)
			wants(t, err, wal.ErrInvalid)
		}
		_, err = log.AppendPacked(ctx, []byte("ab"), []uint32{1, 1}, []uint16{1}, 0)
		wants(t, err, wal.ErrInvalid)
		_, err = log.AppendTyped(ctx, 0, nil, wal.FlagSync|wal.FlagAsync)
		wants(t, err, wal.ErrInvalid)
		_, err = log.AppendTyped(ctx, 0, nil, 1<<20)
		wants(t, err, wal.ErrInvalid)
	}
	equal(t, must(log.Range())(t).Last, 0)
}

func TestAppendCopies(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	data := []byte("before")
	must(log.Append(background, data))(t)
	copy(data, "after!")
	equal(t, string(must(log.Get(1, nil))(t).Data), "before")
	check(t, log.Flush())
	records := must(collect(log.Records(background, 0, wal.Written)))(t)
	equal(t, text(records), "1=before")
	equal(t, records[0].Durable, false)
}

// Where nobody writes what is buffered there is no more room at some time: then callers write
// themselves, those that may wait.
func TestNoRoom(t *testing.T) {
	log := newLog(t, wal.WithPendingBytes(1), wal.WithMaxRecordBytes(4<<10))
	data := bytes.Repeat([]byte("x"), 4000)
	var err error
	for n := 0; err == nil; n++ {
		if n == 1000 {
			t.Fatal("there is room for everything")
		}
		_, err = log.AppendTyped(background, 0, data, wal.FlagAsync|wal.FlagNoWait)
	}
	wants(t, err, wal.ErrBusy)
	for range 5 {
		must(log.AppendAsync(background, data))(t)
		must(log.AppendAsync(cancellable(t), data))(t)
	}
	must(log.Append(cancellable(t), data))(t)
}

// A group wait of a second is a disk that takes long.
func TestContextEndsWhileTheDiskWorks(t *testing.T) {
	for range 10 { // a machine that stands still for the second of the wait gets another try
		log := newLog(t, wal.WithGroupWait(time.Second))
		ctx, cancel := context.WithTimeout(background, 20*time.Millisecond)
		defer cancel()
		lsn, err := log.Append(ctx, []byte("stays"))
		if err == nil {
			continue
		}
		equal(t, err, context.DeadlineExceeded)
		equal(t, lsn, 1)
		first, err := log.AppendBatch(ctx, [][]byte{nil})
		if first != 0 || err != context.DeadlineExceeded {
			t.Fatal("a context that has ended appends nothing: ", first, err)
		}
		check(t, log.Wait(background, 1))
		holds(t, log, 1, "stays")
		return
	}
	t.Fatal("the sync was always faster")
}

func TestContextHasEnded(t *testing.T) {
	log := newLog(t)
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, err := log.Append(ctx, nil)
	equal(t, err, context.Canceled)
	_, err = log.AppendAsync(ctx, nil)
	equal(t, err, context.Canceled)
	equal(t, log.Sync(ctx), context.Canceled)
	equal(t, log.Wait(ctx, 1), context.Canceled)
	equal(t, log.Copy(ctx, newPath(t), nil), context.Canceled)
	_, err = wal.Verify(ctx, log.Path(), nil)
	equal(t, err, context.Canceled)
	_, err = collect(log.Records(ctx, 0))
	equal(t, err, context.Canceled)
	_, err = collect(log.Tail(ctx, 0))
	equal(t, err, context.Canceled)
	equal(t, must(log.Range())(t).Last, 0)
}

func TestFlush(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	must(log.Append(background, []byte("x")))(t)
	check(t, log.Flush())
	crashed := open(t, copyLive(t, log.Path()))
	defer crashed.Close()
	holds(t, crashed, 1, "x")
}
