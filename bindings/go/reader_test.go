// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestRecords(t *testing.T) {
	log := newLog(t)
	fill(t, log, 1000)
	forward := must(collect(log.Records(background, 0)))(t)
	equal(t, len(forward), 1000)
	for i, record := range forward {
		equal(t, record.LSN, wal.LSN(i+1))
		equal(t, string(record.Data), string(payload(i+1)))
		equal(t, record.Durable, true)
		equal(t, record.BatchLast, i == 999)
	}
	backward := must(collect(log.Reverse(background, 0)))(t)
	slices.Reverse(backward)
	equal(t, text(backward), text(forward))
	equal(t, text(must(collect(log.Records(background, 991)))(t)), text(forward[990:]))
	equal(t, text(must(collect(log.Records(background, 1001)))(t)), "")
	backward = must(collect(log.Reverse(background, 2)))(t)
	equal(t, text(backward), text([]wal.Record{forward[1], forward[0]}))
}

// A walk can be left, made again, and made while another one is under way.
func TestWalksAreIndependent(t *testing.T) {
	log := newLog(t)
	fill(t, log, 5)
	records := log.Records(background, 2)
	for outer := range records {
		equal(t, outer.LSN, 2)
		inner := must(collect(records))(t)
		equal(t, len(inner), 4)
		break
	}
	equal(t, len(must(collect(records))(t)), 4)
}

// What was read is the program's: it stays as it is, and a program that writes to it, or appends,
// touches nothing else.
func TestRecordsAreTheProgramsOwn(t *testing.T) {
	log := newLog(t)
	fill(t, log, 600)
	all := must(collect(log.Records(background, 0)))(t)
	for i := range all {
		all[i].Data = append(all[i].Data, "more"...)
	}
	for i, record := range all {
		equal(t, string(record.Data), string(payload(i+1))+"more")
	}
}

func TestLargeRecords(t *testing.T) {
	log := newLog(t)
	large := bytes.Repeat([]byte("0123456789"), 100_000)
	must(log.AppendBatch(background, [][]byte{[]byte("a"), large, nil, large}))(t)
	records := must(collect(log.Records(background, 0)))(t)
	equal(t, len(records), 4)
	for _, i := range []int{1, 3} {
		equal(t, bytes.Equal(records[i].Data, large), true)
	}
	if records[2].Data == nil {
		t.Fatal("an empty record's data are nil")
	}
	for _, dst := range [][]byte{nil, make([]byte, 0, 10), make([]byte, len(large))} {
		equal(t, bytes.Equal(must(log.Get(2, dst))(t).Data, large), true)
	}
}

func TestGet(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	must(log.AppendTyped(background, 9, []byte("data"), 0))(t)
	dst := make([]byte, 2, 8)
	record := must(log.Get(1, dst))(t)
	equal(t, string(record.Data), "data")
	equal(t, record.Type, 9)
	equal(t, record.Durable, false)
	equal(t, record.BatchLast, true)
	equal(t, &record.Data[0], &dst[0])
	check(t, log.Sync(background))
	record = must(log.Get(1, nil))(t)
	equal(t, string(record.Data), "data")
	equal(t, record.Durable, true)
	_, err := log.Get(0, nil)
	wants(t, err, wal.ErrRange)
}

func TestReader(t *testing.T) {
	log := newLog(t)
	r := must(log.NewReader(0))(t)
	defer r.Close()
	_, err := r.Next()
	equal(t, err, io.EOF)
	fill(t, log, 3)
	check(t, r.Wait(background))
	equal(t, r.Position(), 1)
	for lsn := wal.LSN(1); lsn <= 3; lsn++ {
		equal(t, must(r.Next())(t).LSN, lsn)
		equal(t, r.Position(), lsn+1)
	}
	_, err = r.Next()
	equal(t, err, io.EOF)
	check(t, r.Seek(2))
	equal(t, must(r.Next())(t).LSN, 2)
	wants(t, r.Seek(99), wal.ErrRange)
	equal(t, must(r.Next())(t).LSN, 3)
	check(t, r.Seek(0))
	equal(t, must(r.Next())(t).LSN, 1)
}

func TestReaderIsForOneGoroutine(t *testing.T) {
	log := newLog(t)
	r := must(log.NewReader(0))(t)
	ctx, cancel := context.WithCancel(background)
	waits := at(func() error {
		for {
			if err := r.Wait(ctx); !errors.Is(err, wal.ErrBusy) {
				return err
			}
		}
	})
	until(t, "it is busy", func() bool {
		_, err := r.Next()
		return err != io.EOF
	})
	soon()
	_, err := r.Next()
	wants(t, err, wal.ErrBusy)
	wants(t, r.Close(), wal.ErrBusy)
	cancel()
	equal(t, ends(t, waits), context.Canceled)
	check(t, r.Close())
}

func TestTags(t *testing.T) {
	log := newLog(t)
	batch := must(log.NewBatch())(t)
	defer batch.Close()
	for _, tag := range []string{"one", "", "two"} {
		check(t, batch.SetTag([]byte(tag)))
		check(t, batch.AppendRecords([]wal.Record{{Data: []byte("a")}, {Data: []byte("b")}}))
		_, _, err := batch.Commit(background, 0)
		check(t, err)
	}
	var tags []string
	for record, err := range log.Records(background, 0) {
		check(t, err)
		tags = append(tags, string(record.Tag))
	}
	if !slices.Equal(tags, []string{"one", "one", "", "", "two", "two"}) {
		t.Fatal(tags)
	}
	equal(t, string(must(log.LastTag())(t)), "two")
	check(t, log.TruncateAfter(4))
	equal(t, string(must(log.LastTag())(t)), "one")
	check(t, log.Reset(1))
	if tag := must(log.LastTag())(t); tag != nil {
		t.Fatal(tag)
	}
}

func TestPin(t *testing.T) {
	log := newLog(t, wal.WithRetainSegments(1), wal.WithSegmentRecords(5))
	must(log.Append(background, nil))(t)
	pinned := must(log.NewReader(1, wal.Pin))(t)
	defer pinned.Close()
	plain := must(log.NewReader(1))(t)
	defer plain.Close()
	for range 30 {
		must(log.Append(background, nil))(t)
	}
	equal(t, must(log.Range())(t).First, 1)
	equal(t, must(pinned.Next())(t).LSN, 1)
	check(t, pinned.Seek(30))
	for range 10 {
		must(log.Append(background, nil))(t)
	}
	_, err := plain.Next()
	wants(t, err, wal.ErrTrimmed)
	equal(t, must(pinned.Next())(t).LSN, 30)
}

func TestReplay(t *testing.T) {
	log := newLog(t)
	equal(t, len(must(collect(log.Replay(background)))(t)), 0)
	fill(t, log, 5)
	equal(t, len(must(collect(log.Replay(background)))(t)), 5)
	check(t, log.Checkpoint(3, []byte("state")))
	equal(t, must(collect(log.Replay(background)))(t)[0].LSN, 4)
	check(t, log.TruncateBefore(5))
	_, err := collect(log.Replay(background))
	wants(t, err, wal.ErrRange)
}

func TestTail(t *testing.T) {
	log := newLog(t)
	fill(t, log, 2)
	ctx, cancel := context.WithCancel(background)
	got := make(chan wal.LSN)
	tail := at(func() error {
		for record, err := range log.Tail(ctx, 0) {
			if err != nil {
				return err
			}
			got <- record.LSN
		}
		return nil
	})
	for lsn := wal.LSN(1); lsn <= 20; lsn++ {
		if lsn > 2 {
			must(log.Append(background, payload(int(lsn))))(t)
		}
		equal(t, ends(t, got), lsn)
	}
	cancel()
	equal(t, ends(t, tail), context.Canceled)
}

// Records that are written and not durable are seen by those that ask for them.
func TestTailOfWhatIsWritten(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	next := at(func() wal.Record {
		for record, err := range log.Tail(background, 0, wal.Written) {
			check(t, err)
			return record
		}
		return wal.Record{}
	})
	soon()
	must(log.Append(background, []byte("x")))(t)
	check(t, log.Flush())
	record := ends(t, next)
	equal(t, record.LSN, 1)
	equal(t, record.Durable, false)
}

func TestTailIsTrimmed(t *testing.T) {
	log := newLog(t)
	fill(t, log, 5)
	tail := at(func() error {
		_, err := collect(log.Tail(background, 6))
		return err
	})
	soon()
	check(t, log.TruncateAfter(2))
	wants(t, ends(t, tail), wal.ErrTrimmed)
}
