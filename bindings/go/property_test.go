// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

var (
	propertySeed  = flag.Int64("seed", 1, "seed of the property test")
	propertyWalks = flag.Int("walks", 12, "walks of the property test")
)

// A model is what a log must hold.
type model struct {
	first, durable wal.LSN
	records        []modelRecord
	meta           map[string]string
	checkpoint     wal.LSN
}

type modelRecord struct {
	wal.Record
	end bool // a crash may make the log end here: behind a batch, or what a cut has left of it
}

func (m *model) next() wal.LSN { return m.first + wal.LSN(len(m.records)) }

func (m *model) add(records []wal.Record) {
	for i, r := range records {
		last := i == len(records)-1
		r.BatchLast = last
		m.records = append(m.records, modelRecord{r, last})
	}
}

func (m *model) cutAfter(lsn wal.LSN) {
	if lsn >= m.next()-1 {
		return
	}
	m.records = m.records[:lsn+1-m.first]
	if n := len(m.records); n > 0 {
		m.records[n-1].end = true
	}
	m.durable = lsn
	if m.checkpoint > lsn {
		m.checkpoint = 0
	}
}

func (m *model) cutBefore(lsn wal.LSN) {
	if lsn > m.first {
		m.records = m.records[lsn-m.first:]
		m.first = lsn
	}
}

// A walk does one thing after the other to a log and its model.
type walk struct {
	t     *testing.T
	draw  *rand.Rand
	log   *wal.Log
	model model
	ctx   context.Context
}

// The mode is SyncNone: what was not synced may be lost by a crash.
func (w *walk) open(path string) {
	w.log = open(w.t, path, wal.WithSync(wal.SyncNone), wal.WithSegmentRecords(8),
		wal.WithZeroAheadBytes(64<<10))
}

func (w *walk) record() wal.Record {
	size := w.draw.Intn(40)
	if w.draw.Intn(10) == 0 {
		size = w.draw.Intn(100_000)
	}
	data := bytes.Repeat([]byte{byte(w.draw.Intn(256))}, size)
	return wal.Record{Type: []uint16{0, 1, 65535}[w.draw.Intn(3)], Data: data}
}

func (w *walk) recordsOf(most int) []wal.Record {
	records := make([]wal.Record, 1+w.draw.Intn(most))
	for i := range records {
		records[i] = w.record()
	}
	return records
}

// lsn gives one from low to high.
func (w *walk) lsn(low, high wal.LSN) wal.LSN {
	return low + wal.LSN(w.draw.Int63n(int64(high-low)+1))
}

func (w *walk) synced() { w.model.durable = w.model.next() - 1 }

func (w *walk) append() {
	r, flags := w.record(), wal.AppendFlags(0)
	if w.draw.Intn(3) == 0 {
		flags = wal.FlagSync
	}
	lsn := must(w.log.AppendTyped(w.ctx, r.Type, r.Data, flags))(w.t)
	equal(w.t, lsn, w.model.next())
	w.model.add([]wal.Record{r})
	if flags == wal.FlagSync {
		w.synced()
	}
}

func (w *walk) appendRecords() {
	records := w.recordsOf(6)
	equal(w.t, must(w.log.AppendRecords(w.ctx, records, 0))(w.t), w.model.next())
	w.model.add(records)
}

func (w *walk) batch() {
	b := must(w.log.NewBatch())(w.t)
	defer b.Close()
	records := w.recordsOf(6)
	for _, r := range records {
		check(w.t, b.AppendTyped(r.Type, r.Data))
	}
	meta := w.draw.Intn(2) == 0
	value := strconv.Itoa(w.draw.Intn(100))
	if meta {
		check(w.t, b.SetMeta("batch", []byte(value)))
	}
	if w.draw.Intn(3) == 0 {
		at := w.lsn(w.model.first-1, w.model.next()-1)
		_, _, err := b.ReplaceAfter(at)
		check(w.t, err)
		w.model.cutAfter(at)
		w.model.add(records)
		w.synced()
	} else {
		_, last, err := b.Commit(w.ctx, 0)
		check(w.t, err)
		w.model.add(records)
		equal(w.t, last, w.model.next()-1)
	}
	if meta {
		w.model.meta["batch"] = value
		w.synced()
	}
}

func (w *walk) truncateAfter() {
	at := w.lsn(w.model.first-1, w.model.next()-1)
	check(w.t, w.log.TruncateAfter(at))
	if at < w.model.next()-1 {
		w.synced()
	}
	w.model.cutAfter(at)
}

func (w *walk) truncateBefore() {
	at := w.lsn(w.model.first, w.model.next())
	check(w.t, w.log.TruncateBefore(at))
	w.model.durable = max(w.model.durable, at-1)
	w.model.cutBefore(at)
}

func (w *walk) replaceAfter() {
	at, records := w.lsn(w.model.first-1, w.model.next()-1), w.recordsOf(4)
	equal(w.t, must(w.log.ReplaceAfter(at, records))(w.t), at+1)
	w.model.cutAfter(at)
	w.model.add(records)
	w.synced()
}

func (w *walk) reset() {
	next := w.lsn(1, 1000)
	check(w.t, w.log.Reset(next))
	w.model.first, w.model.records = next, nil
	w.model.durable, w.model.checkpoint = next-1, 0
}

func (w *walk) meta() {
	key := []string{"a", "b", "c"}[w.draw.Intn(3)]
	if _, ok := w.model.meta[key]; ok && w.draw.Intn(3) == 0 {
		check(w.t, w.log.Meta().Delete(key))
		delete(w.model.meta, key)
		return
	}
	value := strconv.Itoa(w.draw.Intn(1000))
	check(w.t, w.log.Meta().Set(key, []byte(value)))
	w.model.meta[key] = value
}

func (w *walk) checkpoint() {
	low := max(w.model.checkpoint, w.model.first)
	check(w.t, w.log.Sync(w.ctx))
	w.synced()
	if low >= w.model.next() || low == 0 {
		return
	}
	w.model.checkpoint = w.lsn(low, w.model.next()-1)
	check(w.t, w.log.Checkpoint(w.model.checkpoint, []byte(fmt.Sprint(w.model.checkpoint))))
}

func (w *walk) rotate() {
	check(w.t, w.log.Rotate())
	w.synced()
}

func (w *walk) drain() {
	at := w.lsn(w.model.first, w.model.next())
	n := must(w.log.Drain(func(s wal.Segment) (bool, error) { return s.LastLSN < at, nil }))(w.t)
	r := must(w.log.Range())(w.t)
	if r.First > at && n > 0 || r.First < w.model.first {
		w.t.Fatal(n, r, at)
	}
	w.model.cutBefore(r.First)
}

func (w *walk) reopen() {
	check(w.t, w.log.Close())
	w.open(w.log.Path())
	w.synced()
}

// crash goes on with a copy that may lack what isn't durable: the newest segment is cut anywhere
// behind its durable end.
func (w *walk) crash() {
	r := must(w.log.Range())(w.t)
	path := copyLive(w.t, w.log.Path())
	if end, ok := durableEnd(w.t, path); ok {
		files := segmentFiles(w.t, path)
		file := files[len(files)-1]
		if size := must(os.Stat(file))(w.t).Size(); size > end {
			check(w.t, os.Truncate(file, end+w.draw.Int63n(size-end+1)))
		}
	}
	check(w.t, w.log.Close())
	check(w.t, os.RemoveAll(w.log.Path()))
	w.open(path)
	now := must(w.log.Range())(w.t)
	equal(w.t, now.First, w.model.first)
	if now.Next <= r.Durable || now.Next > w.model.next() {
		w.t.Fatal(now, r)
	}
	// a batch is there as a whole, or isn't
	w.model.records = w.model.records[:now.Next-now.First]
	if n := len(w.model.records); n > 0 {
		equal(w.t, w.model.records[n-1].end, true)
	}
	w.model.durable = now.Durable
}

// durableEnd gives behind which byte of the newest segment nothing is durable, where the log's
// witness speaks of that segment: see docs/format.md.
func durableEnd(t *testing.T, path string) (int64, bool) {
	control := must(os.ReadFile(filepath.Join(path, "control")))(t)
	files := segmentFiles(t, path)
	if len(files) == 0 {
		return 0, false
	}
	witness := control[8192:8256]
	newest := filepath.Base(files[len(files)-1])
	number := must(strconv.ParseUint(newest[:20], 10, 64))(t)
	if binary.LittleEndian.Uint64(witness[24:]) != number {
		return 0, false
	}
	return int64(binary.LittleEndian.Uint32(witness[32:])) * 64, true
}

// holds compares the log with the model, by each way of reading.
func (w *walk) holds() {
	w.t.Helper()
	check(w.t, w.log.Flush())
	r := must(w.log.Range())(w.t)
	equal(w.t, r.First, w.model.first)
	equal(w.t, r.Next, w.model.next())
	if r.Durable < w.model.durable || r.Durable >= r.Next {
		w.t.Fatal(r, w.model.durable)
	}
	forward := must(collect(w.log.Records(w.ctx, 0, wal.Written)))(w.t)
	backward := must(collect(w.log.Reverse(w.ctx, 0, wal.Written)))(w.t)
	slices.Reverse(backward)
	equal(w.t, len(forward), len(w.model.records))
	equal(w.t, len(backward), len(w.model.records))
	for i, want := range w.model.records {
		lsn := w.model.first + wal.LSN(i)
		for _, got := range []wal.Record{forward[i], backward[i], must(w.log.Get(lsn, nil))(w.t)} {
			equal(w.t, got.LSN, lsn)
			equal(w.t, got.Type, want.Type)
			equal(w.t, got.BatchLast, want.BatchLast)
			equal(w.t, bytes.Equal(got.Data, want.Data), true)
		}
	}
	all := must(w.log.Meta().All())(w.t)
	equal(w.t, len(all), len(w.model.meta))
	for key, value := range w.model.meta {
		equal(w.t, string(all[key]), value)
	}
	lsn, _, err := w.log.LastCheckpoint()
	if w.model.checkpoint == 0 {
		wants(w.t, err, wal.ErrNotFound)
		return
	}
	check(w.t, err)
	equal(w.t, lsn, w.model.checkpoint)
}

// A log holds what its model holds, whatever is done to it, also by crashes at any byte. Flags
// -seed and -walks make it another one, or longer.
func TestAgainstAModel(t *testing.T) {
	for n := range *propertyWalks {
		seed := *propertySeed*1000 + int64(n)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := &walk{t: t, draw: rand.New(rand.NewSource(seed)), ctx: background}
			w.model = model{first: 1, meta: make(map[string]string)}
			if n%2 == 1 {
				w.ctx = cancellable(t)
			}
			steps := []func(){
				w.append, w.append, w.append, w.append, w.appendRecords, w.batch, w.truncateAfter,
				w.truncateBefore, w.replaceAfter, w.reset, w.meta, w.checkpoint, w.rotate, w.drain,
				w.reopen, w.crash, w.crash,
			}
			w.open(newPath(t))
			for range 60 {
				steps[w.draw.Intn(len(steps))]()
				w.holds()
			}
			check(t, w.log.Close())
			must(wal.Verify(background, w.log.Path(), nil))(t)
		})
	}
}
