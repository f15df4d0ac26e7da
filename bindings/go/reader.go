// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"io"
	"iter"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A Record is what was appended under one LSN. Data and Tag are the program's own: nothing else
// writes to them. Records that were read together may share one piece of memory, up to 256 KiB,
// which lives as long as one of them: copy what is to be kept for long.
type Record struct {
	LSN       LSN
	Type      uint16 // the program's
	Durable   bool   // it was durable when it was read
	BatchLast bool   // the last record of its batch, or one by itself; a cut may take it away
	Data      []byte
	Tag       []byte // of its batch; nil: it has none, or Get has read the record
}

// A ReadOption changes what a reader sees.
type ReadOption uint32

// The options.
const (
	Written ReadOption = C.WAL_READ_WRITTEN // also records that are written but not yet durable
	Pin     ReadOption = C.WAL_READ_PIN     // retention leaves what the reader has not read yet

	reverse ReadOption = C.WAL_READ_REVERSE
)

const fetchBytes = 256 << 10

// Records walks from a record (0: the first) to the end of what is durable. The loop's second value
// is an error, behind which nothing follows:
//
//	for record, err := range log.Records(ctx, 0) {
//		if err != nil {
//			return err
//		}
//		use(record.Data)
//	}
//
// Every byte was verified on this read. ErrRange: from is below the first LSN, or above the next;
// ErrCorrupt: damage, the error tells the place; ErrTrimmed: records ahead were cut away meanwhile;
// ErrCrypto, ErrIO, ErrClosed; the context's error. The sequence may be walked again, from the same
// place; many may be walked at once.
func (l *Log) Records(
	ctx context.Context, from LSN, options ...ReadOption,
) iter.Seq2[Record, error] {
	return l.walk(ctx, from, options, false)
}

// Reverse is Records towards smaller LSNs, down to the first; from 0 is the last record.
func (l *Log) Reverse(
	ctx context.Context, from LSN, options ...ReadOption,
) iter.Seq2[Record, error] {
	return l.walk(ctx, from, append(options[:len(options):len(options)], reverse), false)
}

// Replay is Records from behind the newest checkpoint, or from the first record without one.
// ErrRange: records are missing behind the checkpoint.
func (l *Log) Replay(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		lsn, _, err := l.LastCheckpoint()
		if err != nil && !errors.Is(err, ErrNotFound) {
			yield(Record{}, err)
			return
		}
		from := LSN(0)
		if err == nil {
			from = lsn + 1
		}
		l.walk(ctx, from, nil, false)(yield)
	}
}

func (l *Log) walk(
	ctx context.Context, from LSN, options []ReadOption, tail bool,
) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		r, err := l.NewReader(from, options...)
		if err != nil {
			yield(Record{}, err)
			return
		}
		defer r.Close()
		for {
			if r.at == r.have && ctx.Err() != nil {
				yield(Record{}, ctx.Err())
				return
			}
			record, err := r.Next()
			if err == io.EOF {
				if !tail {
					return
				}
				if err = r.Wait(ctx); err == nil {
					continue
				}
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// A Reader is a place in the log, walking. It is for one goroutine at a time; others get ErrBusy.
// Records and Tail are simpler where nothing but walking is wanted. It must be closed.
type Reader struct {
	log     *Log
	mu      sync.Mutex
	native  *C.gowal_reader // nil: closed
	options ReadOption

	data     []byte // of the records places[at:have]
	places   []C.gowal_place
	at, have int

	mark    *mark  // what cuts have taken away since cut was looked at
	seen    uint64 // log.cuts.count when that was
	stale   bool   // the library's reader is to go to place first
	trimmed bool   // place was cut away
	place   LSN
}

// NewReader makes a reader whose next record is from; 0: the first. At the next LSN it waits for
// what comes. ErrRange: from is below the first LSN or above the next. ErrReadOnly: Pin on a
// read-only log. ErrClosed.
func (l *Log) NewReader(from LSN, options ...ReadOption) (*Reader, error) {
	var all ReadOption
	for _, option := range options {
		all |= option
	}
	c, err := l.call(func() C.gowal_result {
		return C.gowal_reader_open(l.w, C.uint64_t(from), C.uint32_t(all))
	})
	if err != nil {
		return nil, err
	}
	r := &Reader{log: l, native: (*C.gowal_reader)(c.handle), options: all, mark: l.cuts.add()}
	runtime.SetFinalizer(r, func(r *Reader) {
		reportLeak(r.log.logger, r.log.path, "reader")
		r.log.cuts.remove(r.mark)
	})
	return r, nil
}

// Next gives the next record; io.EOF: there is none yet. Errors are those of Records; after
// ErrTrimmed and ErrCorrupt the place stays, and Seek goes on.
func (r *Reader) Next() (Record, error) {
	if err := r.begin(); err != nil {
		return Record{}, err
	}
	defer r.mu.Unlock()
	if err := r.ready(true); err != nil {
		return Record{}, err
	}
	record := r.record(&r.places[r.at])
	r.at++
	return record, nil
}

// Wait waits until Next has something to say, or the context ends. In reverse there is nothing to
// wait for: it returns at once. Errors are those of Next. No thread waits.
func (r *Reader) Wait(ctx context.Context) error {
	if err := r.begin(); err != nil {
		return err
	}
	defer r.mu.Unlock()
	return r.wait(ctx)
}

// Seek makes lsn the next record; 0: the first, in reverse the last. Errors are those of NewReader.
func (r *Reader) Seek(lsn LSN) error {
	if err := r.begin(); err != nil {
		return err
	}
	defer r.mu.Unlock()
	r.log.cuts.look(r)
	c := C.gowal_reader_seek(r.native, C.uint64_t(lsn))
	if Code(c.code) == ErrRange {
		return newError(ErrRange, r.log.path, "no place for a reader in the log")
	}
	if err := asError(&c, r.log.path); err != nil {
		return err
	}
	r.stale, r.trimmed = false, false
	r.at, r.have = 0, 0
	return nil
}

// Position gives the LSN that Next would; 0: none, in reverse before the first record, or closed.
func (r *Reader) Position() LSN {
	if r.begin() != nil {
		return 0
	}
	defer r.mu.Unlock()
	return r.position()
}

// Close frees the reader; a second time it is ErrClosed.
func (r *Reader) Close() error {
	if err := r.begin(); err != nil {
		return err
	}
	defer r.mu.Unlock()
	C.gowal_reader_close(r.native)
	r.native = nil
	r.log.cuts.remove(r.mark)
	runtime.SetFinalizer(r, nil)
	return nil
}

// begin locks the reader for its caller.
func (r *Reader) begin() error {
	if !r.mu.TryLock() {
		return newError(ErrBusy, r.log.path, "another goroutine is using the reader")
	}
	if r.native == nil {
		r.mu.Unlock()
		return newError(ErrClosed, r.log.path, "the reader is closed")
	}
	return nil
}

func (r *Reader) position() LSN {
	if r.at < r.have {
		return LSN(r.places[r.at].lsn)
	}
	if r.stale || r.trimmed {
		return r.place
	}
	return LSN(C.gowal_reader_position(r.native))
}

// ready sees to it that there is a record to give: nil, or io.EOF or an error. atOnce: it is given
// before anything else happens to the reader.
func (r *Reader) ready(atOnce bool) error {
	for {
		if r.log.inside.Load() >= closedBit {
			return r.log.closed()
		}
		if r.seen != r.log.cuts.count.Load() {
			r.log.cuts.look(r)
		}
		if r.trimmed {
			return newError(ErrTrimmed, r.log.path, "the reader's place was cut away")
		}
		if r.at < r.have {
			return nil
		}
		if err := r.fetch(atOnce); err != nil {
			return err
		}
		if r.at < r.have {
			return nil
		}
	}
}

// fetch gets the next records, or brings the reader nearer to them. None of the log's truncations
// begins meanwhile. Where one is under way it gets a single record, to be given at once: by when
// the truncation ends, nobody could tell whether what is left was read before or after the cut.
func (r *Reader) fetch(atOnce bool) error {
	c, most := &r.log.cuts, C.size_t(C.GOWAL_FETCH)
	if c.running.TryRLock() {
		defer c.running.RUnlock()
		if r.stale {
			return r.moveTo(r.place)
		}
	} else if r.stale || !atOnce {
		return r.waitForCut()
	} else {
		most = 1
	}
	f := C.gowal_reader_fetch(r.native, most, fetchBytes)
	if f.code <= 0 {
		if err := asError(&f, r.log.path); err != nil {
			return err
		}
		return io.EOF
	}
	if r.places == nil || len(r.places) < int(f.a) {
		r.places = make([]C.gowal_place, min(C.GOWAL_FETCH, 2*int(f.a)))
	}
	r.data = make([]byte, f.b)
	C.gowal_reader_copy(r.native, bytesOf(r.data), unsafe.SliceData(r.places))
	r.at, r.have = 0, int(f.a)
	return nil
}

// waitForCut waits for the end of the truncation that is under way.
func (r *Reader) waitForCut() error {
	if r.log.callbacks.here() {
		return r.log.busy()
	}
	r.log.cuts.running.RLock()
	r.log.cuts.running.RUnlock() //lint:ignore SA2001 it was held: that is all
	return nil
}

// moveTo brings the library's reader to a place that was in the log; no truncation is under way.
func (r *Reader) moveTo(lsn LSN) error {
	r.log.cuts.look(r)
	if r.trimmed {
		return nil
	}
	c := C.gowal_reader_seek(r.native, C.uint64_t(lsn))
	if Code(c.code) == ErrRange {
		r.trimmed = true
		return nil
	}
	if err := asError(&c, r.log.path); err != nil {
		return err
	}
	r.stale = false
	return nil
}

func (r *Reader) record(p *C.gowal_place) Record {
	at, end := int(p.data_at), int(p.data_at+p.data_size)
	record := Record{
		LSN:       LSN(p.lsn),
		Type:      uint16(p._type),
		Durable:   p.flags&C.WAL_RECORD_DURABLE != 0,
		BatchLast: p.flags&C.WAL_RECORD_BATCH_LAST != 0,
		Data:      r.data[at:end:end],
	}
	if p.tag_size > 0 {
		tag, end := int(p.tag_at), int(p.tag_at)+int(p.tag_size)
		record.Tag = r.data[tag:end:end]
	}
	return record
}

// cuts knows what the log's own truncations have taken away from readers that hold records which
// they have not given out yet. The library's readers know for themselves.
type cuts struct {
	running sync.RWMutex  // written: a truncation is under way
	count   atomic.Uint64 // how many there were
	mu      sync.Mutex    // the marks, and count's changes
	marks   map[*mark]struct{}
}

// A mark is what was cut away since its reader looked last: nothing below first is left, and
// nothing of what stood above last.
type mark struct{ first, last LSN }

func (m *mark) clear() { *m = mark{0, math.MaxUint64} }

func (c *cuts) add() *mark {
	m := new(mark)
	m.clear()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.marks == nil {
		c.marks = make(map[*mark]struct{})
	}
	c.marks[m] = struct{}{}
	return m
}

func (c *cuts) remove(m *mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.marks, m)
}

// done tells the readers of a cut.
func (c *cuts) done(first, last LSN) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for m := range c.marks {
		m.first, m.last = max(m.first, first), min(m.last, last)
	}
	c.count.Add(1)
}

// look has a reader give up what it holds if that was cut. Where it holds nothing, and isn't on its
// way to a place, the library's reader knows.
func (c *cuts) look(r *Reader) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first, last := r.mark.first, r.mark.last
	r.mark.clear()
	r.seen = c.count.Load()
	if first == 0 && last == math.MaxUint64 || r.at == r.have && !r.stale {
		return
	}
	r.place = r.position()
	r.stale = true
	r.at, r.have = 0, 0
	if r.options&reverse != 0 {
		r.trimmed = r.place < first || r.place > last
	} else {
		r.trimmed = r.place < first || r.place > last && r.place-last > 1
	}
}
