// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"io/fs"
	"math"
)

// Each function of this file that takes records away is atomic and durable when it returns: after a
// crash it is the state before or the one after. All may give ErrNoSpace, ErrIO and ErrInDoubt as
// appends do, and ErrReadOnly, ErrFailed, ErrClosed; ErrBusy inside a callback.

// TruncateBefore removes exactly the records below lsn; files go when nothing in them is left. At
// or below the first there is nothing to do; up to the next LSN it empties the log; above:
// ErrRange.
func (l *Log) TruncateBefore(lsn LSN) error {
	return l.truncate(lsn, math.MaxUint64, func() C.gowal_result {
		return C.gowal_truncate_before(l.w, C.uint64_t(lsn))
	})
}

// TruncateAfter removes exactly the records above lsn, and the next LSN is lsn + 1. At or above the
// last there is nothing to do; down to the first - 1 it empties the log; below: ErrRange. A
// checkpoint above lsn goes too.
func (l *Log) TruncateAfter(lsn LSN) error {
	return l.truncate(0, lsn, func() C.gowal_result {
		return C.gowal_truncate_after(l.w, C.uint64_t(lsn))
	})
}

// ReplaceAfter is TruncateAfter and AppendRecords in one atomic step. The records get lsn + 1 and
// on; it gives the first one's LSN, or 0 without records. ErrRange: lsn is at or above the next
// LSN, or below the first - 1.
func (l *Log) ReplaceAfter(lsn LSN, records []Record) (LSN, error) {
	p, err := l.packRecords(records)
	if err != nil {
		return 0, err
	}
	defer p.free()
	payload, sizes, types, n := p.args()
	var first LSN
	err = l.truncate(0, lsn, func() C.gowal_result {
		r := C.gowal_replace_after(l.w, C.uint64_t(lsn), payload, sizes, types, n)
		first = LSN(r.a)
		return r
	})
	return first, err
}

// Reset removes all records; the log goes on at next, 1 to 2^64 - 2 (others: ErrInvalid), above or
// below the present. Metadata stay, the checkpoint goes.
func (l *Log) Reset(next LSN) error {
	return l.truncate(math.MaxUint64, 0, func() C.gowal_result {
		return C.gowal_reset(l.w, C.uint64_t(next))
	})
}

// Rotate seals the present segment and begins a new one; there is nothing to do when it has no
// records. Records are made durable by it.
func (l *Log) Rotate() error {
	_, err := l.block(func() C.gowal_result { return C.gowal_rotate(l.w) })
	return err
}

// Drain removes the oldest sealed segments, whole, as long as the function says true, and gives
// their number. It is asked about one after the other first, then all go in one step; so after an
// error of its own, which Drain returns as it is, all stay. It runs on this goroutine, and may look
// at the log (Get, Meta, SegmentCheckpoint, Stats, Info, Range ...). Readers whose place goes get
// ErrTrimmed. ErrCorrupt: a segment's header is damaged, or one is missing.
func (l *Log) Drain(drop func(Segment) (bool, error)) (int, error) {
	done, err := l.cut()
	if err != nil {
		return 0, err
	}
	c := newCall(&l.callbacks)
	c.segment = func(s Segment) (int, error) {
		drop, err := drop(s)
		if err == fs.SkipAll {
			return 0, nil
		}
		if drop {
			return 1, err
		}
		return 0, err
	}
	if !l.enter() {
		err = l.closed()
		done(err, 0, 0)
		return 0, err
	}
	defer l.leave()
	r := c.run(func(handle C.uintptr_t) C.gowal_result { return C.gowal_drain(l.w, handle) })
	err = c.result(&r, l.path)
	done(err, LSN(r.b), math.MaxUint64)
	c.resume()
	return int(r.a), err
}

// truncate makes a call that leaves nothing below first, and nothing of what stood above last.
func (l *Log) truncate(first, last LSN, f func() C.gowal_result) error {
	done, err := l.cut()
	if err != nil {
		return err
	}
	_, err = l.block(f)
	done(err, first, last)
	return err
}

// cut begins a truncation, and gives the function that ends it: how it went, and what it took.
func (l *Log) cut() (func(err error, first, last LSN), error) {
	if l.callbacks.here() {
		return nil, l.busy()
	}
	l.cuts.running.Lock()
	return func(err error, first, last LSN) {
		if err == nil {
			l.cuts.done(first, last)
			l.watch.submitted.trouble() // whose record was cut away hears nothing more
		}
		l.cuts.running.Unlock()
	}, nil
}
