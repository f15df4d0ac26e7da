// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"errors"
	"io/fs"
	"slices"
	"sync/atomic"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestTruncate(t *testing.T) {
	log := newLog(t)
	fill(t, log, 10)
	check(t, log.TruncateBefore(4))
	check(t, log.TruncateAfter(8))
	equal(t, must(log.Range())(t), wal.Range{First: 4, Last: 8, Next: 9, Durable: 8})
	wants(t, log.TruncateAfter(2), wal.ErrRange)
	check(t, log.TruncateBefore(9))
	equal(t, must(log.Range())(t), wal.Range{First: 9, Last: 0, Next: 9, Durable: 8})
	check(t, log.Reset(100))
	wants(t, log.Reset(0), wal.ErrInvalid)
	equal(t, must(log.Append(background, []byte("x")))(t), 100)
	holds(t, log, 100, "x")
}

func TestReplaceAfter(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	records := []wal.Record{{Type: 3, Data: []byte("b")}, {Data: nil}}
	equal(t, must(log.ReplaceAfter(1, records))(t), 2)
	holds(t, log, 1, string(payload(1)), "b", "")
	equal(t, must(log.Get(2, nil))(t).Type, 3)
	equal(t, must(log.ReplaceAfter(2, nil))(t), 0)
	equal(t, must(log.Range())(t).Last, 2)
	_, err := log.ReplaceAfter(3, records)
	wants(t, err, wal.ErrRange)
}

// segmented gives a log of as many sealed segments, ten records each, and an empty one.
func segmented(t *testing.T, segments int) *wal.Log {
	log := newLog(t)
	for range segments {
		fill(t, log, 10)
		check(t, log.Rotate())
	}
	return log
}

func TestDrain(t *testing.T) {
	log := segmented(t, 4)
	check(t, log.Checkpoint(15, []byte("state")))
	var seen []wal.Segment
	n, err := log.Drain(func(s wal.Segment) (bool, error) {
		seen = append(seen, s)
		return s.LastLSN <= 20, nil
	})
	check(t, err)
	equal(t, n, 2)
	equal(t, len(seen), 3)
	equal(t, seen[1].FirstLSN, 11)
	equal(t, seen[1].Sealed, true)
	equal(t, must(log.Range())(t).First, 21)
}

func TestDrainStops(t *testing.T) {
	log := segmented(t, 3)
	mine := errors.New("mine")
	for _, test := range []struct{ returned, wanted error }{{mine, mine}, {fs.SkipAll, nil}} {
		n, err := log.Drain(func(s wal.Segment) (bool, error) {
			return true, test.returned
		})
		equal(t, err, test.wanted)
		equal(t, n, 0)
	}
	func() {
		defer func() { equal(t, recover(), any("panic")) }()
		_, _ = log.Drain(func(wal.Segment) (bool, error) { panic("panic") })
	}()
	equal(t, must(log.Range())(t).First, 1)
	must(log.Append(background, nil))(t)
}

// Inside a callback the log may be looked at, and nothing else.
func TestInsideACallback(t *testing.T) {
	log := segmented(t, 2)
	r := must(log.NewReader(0))(t)
	defer r.Close()
	must(r.Next())(t)
	batch := must(log.NewBatch())(t)
	defer batch.Close()
	check(t, batch.Append(nil))
	n, err := log.Drain(func(s wal.Segment) (bool, error) {
		must(log.Get(5, nil))(t)
		must(log.Range())(t)
		must(log.Stats())(t)
		_, _, err := log.SegmentCheckpoint(s.Number)
		wants(t, err, wal.ErrNotFound)
		_, err = log.Append(background, nil)
		wants(t, err, wal.ErrBusy)
		_, err = log.Append(cancellable(t), nil)
		wants(t, err, wal.ErrBusy)
		_, err = log.AppendAsync(background, nil)
		wants(t, err, wal.ErrBusy)
		_, _, err = batch.Commit(background, 0)
		wants(t, err, wal.ErrBusy)
		_, _, err = batch.ReplaceAfter(1)
		wants(t, err, wal.ErrBusy)
		wants(t, log.TruncateAfter(1), wal.ErrBusy)
		wants(t, log.Checkpoint(1, nil), wal.ErrBusy)
		wants(t, log.Close(), wal.ErrBusy)
		return false, nil
	})
	check(t, err)
	equal(t, n, 0)
	must(r.Next())(t)
	must(log.Append(background, nil))(t)
}

// A reader that holds records which it has not given out yet learns of cuts: below a cut it goes on
// into the new records, above it is told.
func TestReadersAndCuts(t *testing.T) {
	log := newLog(t)
	fill(t, log, 10)
	below, above := must(log.NewReader(1))(t), must(log.NewReader(6))(t)
	back, at := must(log.NewReader(0))(t), must(log.NewReader(3))(t)
	defer at.Close()
	defer below.Close()
	defer above.Close()
	defer back.Close()
	for _, r := range []*wal.Reader{below, above, back, at} {
		must(r.Next())(t)
	}
	must(log.ReplaceAfter(3, []wal.Record{{Data: []byte("new 4")}, {Data: []byte("new 5")}}))(t)
	fill(t, log, 5)
	equal(t, string(must(at.Next())(t).Data), "new 4") // its place was the first behind the cut
	_, err := above.Next()
	wants(t, err, wal.ErrTrimmed)
	equal(t, above.Position(), 7)
	wants(t, above.Wait(background), wal.ErrTrimmed)
	for lsn := wal.LSN(2); lsn <= 10; lsn++ {
		record := must(below.Next())(t)
		equal(t, record.LSN, lsn)
		if lsn == 4 {
			equal(t, string(record.Data), "new 4")
		}
	}
	check(t, above.Seek(5))
	equal(t, string(must(above.Next())(t).Data), "new 5")
	check(t, log.TruncateBefore(3))
	_, err = back.Next()
	wants(t, err, wal.ErrTrimmed)
	check(t, log.Reset(1))
	_, err = above.Next()
	wants(t, err, wal.ErrTrimmed)
}

// Readers beside somebody who cuts and appends all the time never mix what was and what is.
func TestReadersBesideCuts(t *testing.T) {
	log := newLog(t)
	fill(t, log, 50)
	var stop atomic.Bool
	cutter := at(func() error {
		for round := byte(1); !stop.Load(); round++ {
			records := make([]wal.Record, 30)
			for i := range records {
				records[i].Data = []byte{round}
			}
			if _, err := log.ReplaceAfter(20, records); err != nil {
				return err
			}
		}
		return nil
	})
	trimmed, whole := 0, 0
	for walks := 0; walks < 300 || whole == 0; walks++ {
		next, round := wal.LSN(1), -1
		for record, err := range log.Records(background, 0) {
			if err != nil {
				wants(t, err, wal.ErrTrimmed)
				trimmed++
				break
			}
			equal(t, record.LSN, next)
			next++
			if record.LSN <= 20 || len(record.Data) != 1 {
				continue
			}
			if round >= 0 && record.LSN > 21 && int(record.Data[0]) != round {
				t.Fatalf("LSN %d is of round %d, others of %d", record.LSN, record.Data[0], round)
			}
			round = int(record.Data[0])
			whole++
		}
	}
	stop.Store(true)
	check(t, ends(t, cutter))
	t.Logf("%d records of cut places, %d walks that were trimmed", whole, trimmed)
}

// A cut within a batch takes its end away: what comes behind reads as more of the batch.
func TestCutWithinABatch(t *testing.T) {
	log := newLog(t)
	must(log.AppendBatch(background, [][]byte{[]byte("a"), []byte("b"), []byte("c")}))(t)
	check(t, log.TruncateAfter(2))
	must(log.AppendBatch(background, [][]byte{[]byte("d"), []byte("e")}))(t)
	var ends []wal.LSN
	for _, record := range must(collect(log.Records(background, 0)))(t) {
		if record.BatchLast {
			ends = append(ends, record.LSN)
		}
	}
	if !slices.Equal(ends, []wal.LSN{4}) {
		t.Fatal(ends)
	}
}
