// SPDX-License-Identifier: Apache-2.0

package wal

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"unsafe"
)

// An LSN is the number of a record: dense, from 1. 0 means none.
type LSN uint64

// A Log is an open log. All its methods may be called from any goroutine at any time, also beside
// Close and after it (ErrClosed); inside a callback of the log only those that look (others are
// ErrBusy).
//
// A Log must be closed: it holds memory, descriptors and a lock that the garbage collector doesn't
// know of. One that was lost is told to the logger, no more.
//
// With a logger (WithLogger) it reports what happens to it: that it has failed and damage that was
// met as errors; records that could not be written, slow syncs, and lost events as warnings;
// opening, rotations, truncations and removed segments as Info; completed segments as Debug.
type Log struct {
	w        *C.wal_t
	handle   C.gowal_log // the same
	path     string
	lock     *Lock
	durable  bool // an append without flags returns when it is durable
	interval bool
	readOnly bool
	// the library may have a thread for the log
	background bool

	// inside counts the calls under way; closedBit says that no more may begin. The library allows
	// nothing on a handle once its close has returned.
	inside  atomic.Int64
	idle    chan struct{} // the last call has left a closed log
	closing chan struct{} // closed with the log, for those who wait in Go

	slots     chan struct{} // taken by each call that may wait for the disk
	committer committer
	ahead     atomic.Int64 // who waits for LSNs that weren't handed out yet
	watch     *watch       // apart: its goroutine must not keep a Log alive that was lost
	cuts      cuts
	callbacks callbacks
	logger    *slog.Logger
	logging   chan struct{} // closed when nothing more is logged; nil: no logger
}

const (
	closedBit = 1 << 62
	slotCount = 64 // callers that wait for the disk at once, thus threads
)

// Open opens the log in the directory, by default making it where there is none, for writing: one
// handle at a time does that, beside any number that are read-only.
//
// ErrLocked: somebody has it open for writing. ErrNotFound: no log, or no parent directory.
// ErrCorrupt, ErrVersion, ErrCrypto: it is damaged, newer than this library, or needs another key;
// nothing was changed then. ErrExists, ErrTorn: WithExclusive, WithStrict. ErrPerm: no rights, or a
// directory that others may write to. ErrInvalid: options that contradict each other; the path is a
// file. ErrNoSpace, ErrIO.
func Open(dir string, options ...Option) (*Log, error) {
	s, err := newSettings(dir, options)
	if err != nil {
		return nil, err
	}
	defer s.free()
	if err := s.lock.lend(s); err != nil {
		return nil, err
	}
	cdir := C.CString(dir)
	defer C.free(unsafe.Pointer(cdir))
	r := C.gowal_open(cdir, s.native)
	if r.code < 0 {
		s.lock.giveBack()
		return nil, asError(&r, dir)
	}
	l := newLog((*C.wal_t)(r.handle), s)
	if err := l.startLogging(); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

func newLog(w *C.wal_t, s *settings) *Log {
	mode := SyncMode(s.get(C.WAL_OPT_SYNC))
	l := &Log{
		w:          w,
		handle:     C.gowal_log(uintptr(unsafe.Pointer(w))),
		path:       s.path,
		lock:       s.lock,
		durable:    mode != SyncNone && mode != SyncInterval,
		interval:   mode == SyncInterval,
		readOnly:   s.get(C.WAL_OPT_READ_ONLY) != 0,
		background: s.get(C.WAL_OPT_BACKGROUND) != 0,
		idle:       make(chan struct{}, 1),
		closing:    make(chan struct{}),
		slots:      make(chan struct{}, slotCount),
		watch:      new(watch),
		logger:     s.logger,
	}
	runtime.SetFinalizer(l, func(l *Log) { reportLeak(l.logger, l.path, "log") })
	return l
}

// reportLeak says that the garbage collector has met something that should have been closed.
func reportLeak(logger *slog.Logger, path, what string) {
	if logger != nil {
		logger.Error("wal: a "+what+" was lost without being closed", "path", path)
	}
}

// Close closes the log: whoever waits for a record or an event gets ErrClosed, calls under way come
// to their end, what is buffered is written and synced. Its error is the first one of that; the log
// is closed all the same. A second Close is ErrClosed; Close inside a callback of the log is
// ErrBusy and does nothing.
//
// Readers, batches and subscriptions may be closed before or after.
func (l *Log) Close() error {
	if l.callbacks.here() {
		return l.busy()
	}
	for {
		n := l.inside.Load()
		if n >= closedBit {
			return l.closed()
		}
		if l.inside.CompareAndSwap(n, n|closedBit) {
			close(l.closing)
			if n > 0 {
				<-l.idle
			}
			break
		}
	}
	runtime.SetFinalizer(l, nil)
	r := C.gowal_close(l.w)
	l.w = nil
	l.lock.giveBack()
	l.watch.wait()
	if l.logging != nil {
		<-l.logging
	}
	return asError(&r, l.path)
}

// Path gives the directory as Open got it.
func (l *Log) Path() string { return l.path }

// enter counts a call in: l.w may be used until leave. False: the log is closed.
func (l *Log) enter() bool {
	if l.inside.Add(1) < closedBit {
		return true
	}
	l.leave()
	return false
}

func (l *Log) leave() {
	if l.inside.Add(-1) == closedBit {
		select {
		case l.idle <- struct{}{}:
		default:
		}
	}
}

func (l *Log) closed() error { return newError(ErrClosed, l.path, "the log is closed") }

func (l *Log) busy() error { return newError(ErrBusy, l.path, "not from inside a callback") }

// call makes one call of the library that doesn't wait for the disk.
func (l *Log) call(f func() C.gowal_result) (C.gowal_result, error) {
	if !l.enter() {
		return C.gowal_result{}, l.closed()
	}
	defer l.leave()
	r := f()
	return r, asError(&r, l.path)
}

// block makes a call that may wait for the disk: it has one of the slots meanwhile.
func (l *Log) block(f func() C.gowal_result) (C.gowal_result, error) {
	if !l.enter() {
		return C.gowal_result{}, l.closed()
	}
	defer l.leave()
	if l.callbacks.here() { // a slot may be what its caller has
		return C.gowal_result{}, l.busy()
	}
	if err := l.takeSlot(context.Background()); err != nil {
		return C.gowal_result{}, err
	}
	defer l.giveSlot()
	r := f()
	return r, asError(&r, l.path)
}

func (l *Log) takeSlot(ctx context.Context) error {
	if l.trySlot() {
		return nil
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closing:
		return l.closed()
	}
}

func (l *Log) trySlot() bool {
	select {
	case l.slots <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *Log) giveSlot() { <-l.slots }

// callbacks are the threads inside a callback of the log. A callback runs on the thread of the call
// that it came from, and nothing else does meanwhile.
type callbacks struct {
	mu      sync.Mutex
	threads []int
}

func (c *callbacks) begin() {
	c.mu.Lock()
	c.threads = append(c.threads, syscall.Gettid())
	c.mu.Unlock()
}

func (c *callbacks) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, id := range c.threads {
		if id == syscall.Gettid() {
			c.threads = append(c.threads[:i], c.threads[i+1:]...)
			return
		}
	}
}

// here says whether this goroutine is in one.
func (c *callbacks) here() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range c.threads {
		if id == syscall.Gettid() {
			return true
		}
	}
	return false
}
