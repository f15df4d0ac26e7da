// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"sync"
)

// Wait waits until the record is durable, or the context ends; lsn may lie ahead of what was
// appended. It drives the sync itself, except in mode SyncInterval, which leaves that to its timer,
// and in a read-only log, where the writer has to. No thread waits.
//
// ErrInDoubt: the record was part of a failed sync; ErrFailed: of a log that has failed;
// ErrNoSpace, ErrIO: it could not be written and stays buffered. ErrClosed; ErrInvalid for LSN 0.
func (l *Log) Wait(ctx context.Context, lsn LSN) error {
	if !l.enter() {
		return l.closed()
	}
	defer l.leave()
	l.ahead.Add(1)
	defer l.ahead.Add(-1)
	var changed <-chan struct{}
	for {
		if done, err := l.look(lsn); done {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !l.interval && !l.readOnly && lsn <= LSN(C.wal_last_lsn(l.w)) {
			if err := l.committer.wait(ctx, l, lsn); err != nil {
				return err
			}
			continue
		}
		if changed == nil { // from here on nothing is missed, so once more
			var err error
			if changed, err = l.watch.next(l); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
			changed = nil
		case <-ctx.Done():
			return ctx.Err()
		case <-l.closing:
			return l.closed()
		}
	}
}

// look says whether it is decided what becomes of the record.
func (l *Log) look(lsn LSN) (bool, error) {
	r := C.gowal_look(l.w, C.uint64_t(lsn))
	if Code(r.code) == ErrTimeout {
		return false, nil
	}
	return true, asError(&r, l.path)
}

// Sync makes everything appended so far durable, or gives up waiting for that when the context
// ends. It joins a sync that is under way where that covers all. ErrNoSpace, ErrIO: what is
// buffered could not be written and stays buffered. ErrInDoubt: the sync failed, which is final.
func (l *Log) Sync(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.enter() {
		return l.closed()
	}
	defer l.leave()
	if ctx.Done() == nil && l.trySlot() {
		defer l.giveSlot()
		r := C.gowal_sync(l.w, 0)
		return asError(&r, l.path)
	}
	return l.committer.wait(ctx, l, 0)
}

// A committer makes durable what is buffered, for all who wait for that: on one goroutine, thus one
// thread, which lives as long as somebody waits. While it is in a sync, others join the next round.
type committer struct {
	mu      sync.Mutex
	next    *round // those who wait for a sync that has not begun; nil: nobody
	running bool
}

type round struct {
	done chan struct{} // closed when err is set
	err  error
}

// join gives the round whose sync covers everything that was appended before. The caller is inside.
func (c *committer) join(l *Log) *round {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = &round{done: make(chan struct{})}
	}
	if !c.running {
		c.running = true
		l.inside.Add(1) // it isn't closed, since the caller is inside
		go c.run(l)
	}
	return c.next
}

func (c *committer) kick(l *Log) { c.join(l) }

func (c *committer) take() *round {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.next
	c.next = nil
	c.running = r != nil
	return r
}

func (c *committer) run(l *Log) {
	defer l.leave()
	for {
		r := c.take()
		if r == nil {
			return
		}
		s := C.gowal_sync(l.w, 0)
		r.err = asError(&s, l.path)
		close(r.done)
	}
}

// wait waits until a record that was appended is durable; LSN 0: all that were. What a truncation
// takes away meanwhile was made durable before.
func (c *committer) wait(ctx context.Context, l *Log, lsn LSN) error {
	r := c.join(l)
	select {
	case <-r.done:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.err == nil || lsn == 0 {
		return r.err
	}
	// the round's error is that of its first unlucky record
	if done, err := l.look(lsn); done {
		return err
	}
	err := *r.err.(*Error)
	err.LSN = lsn
	return &err
}
