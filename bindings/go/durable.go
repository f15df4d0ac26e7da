// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"sync"
	"sync/atomic"
)

// submitted is who waits without a thread for a record that the log's own thread commits
// (WAL_APPEND_SUBMIT). The watch's goroutine tells them.
type submitted struct {
	mu      sync.Mutex
	w       *C.wal_t // good as long as somebody waits: who does is inside the log
	waiting []*waiter
	count   atomic.Int64 // as many, for a look
	// troubles counts what may keep the DURABLE event from coming: records that could not be
	// written, the log's failure, a cut. Who waited then finds out by a sync.
	troubles atomic.Uint64
}

type waiter struct {
	lsn  LSN
	at   int       // its place in waiting; -1: it has been told
	told chan bool // true: the record is durable, or was and is cut away; false: trouble
}

// few says whether this way is the best. Where many wait, a wake-up of the library's thread for
// each costs more than a committer, which needs one for all.
func (s *submitted) few() bool { return s.count.Load() < slotCount }

var waiterPool = sync.Pool{New: func() any { return &waiter{told: make(chan bool, 1)} }}

// wait waits for a record that was submitted by a caller who is inside; troubles is their number
// from before that.
func (s *submitted) wait(ctx context.Context, l *Log, lsn LSN, troubles uint64) error {
	w := s.add(l.w, lsn)
	// from here on nothing is missed
	durable := LSN(C.wal_durable_lsn(l.w)) >= lsn
	if durable || s.troubles.Load() != troubles {
		s.remove(w)
	} else {
		select {
		case durable = <-w.told:
			waiterPool.Put(w)
		case <-ctx.Done():
			s.remove(w)
			return ctx.Err()
		}
	}
	if durable {
		return nil
	}
	return l.committer.wait(ctx, l, lsn)
}

func (s *submitted) add(native *C.wal_t, lsn LSN) *waiter {
	w := waiterPool.Get().(*waiter)
	s.mu.Lock()
	defer s.mu.Unlock()
	w.lsn, w.at = lsn, len(s.waiting)
	s.w = native
	s.waiting = append(s.waiting, w)
	s.count.Store(int64(len(s.waiting)))
	return w
}

// remove takes back who no longer waits, told or not.
func (s *submitted) remove(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.at < 0 {
		<-w.told
	} else {
		s.take(w)
	}
	waiterPool.Put(w)
}

// take is under mu.
func (s *submitted) take(w *waiter) {
	last := len(s.waiting) - 1
	s.waiting[w.at] = s.waiting[last]
	s.waiting[w.at].at = w.at
	s.waiting[last] = nil
	s.waiting = s.waiting[:last]
	s.count.Store(int64(last))
	w.at = -1
}

// advance tells those whose record is durable. The log is asked, not an event: that may be from
// before a cut, and the LSN another record's.
func (s *submitted) advance() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting) == 0 {
		return
	}
	durable := LSN(C.wal_durable_lsn(s.w))
	for i := len(s.waiting) - 1; i >= 0; i-- {
		if w := s.waiting[i]; w.lsn <= durable {
			s.take(w)
			w.told <- true
		}
	}
}

// trouble tells all to find out.
func (s *submitted) trouble() {
	s.troubles.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		w.at = -1
		w.told <- false
	}
	clear(s.waiting)
	s.waiting = s.waiting[:0]
	s.count.Store(0)
}
