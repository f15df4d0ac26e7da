// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// An EventKind is what happened; as a mask, what to be told of.
type EventKind uint32

// The kinds. What an Event's other fields say is in the C header event.h.
const (
	EventRotated    EventKind = C.WAL_EVENT_ROTATED     // a new segment was begun
	EventSynced     EventKind = C.WAL_EVENT_SYNCED      // records were synced
	EventPersisted  EventKind = C.WAL_EVENT_PERSISTED   // a segment is complete and synced
	EventRemoved    EventKind = C.WAL_EVENT_REMOVED     // a segment's file was removed
	EventTruncated  EventKind = C.WAL_EVENT_TRUNCATED   // records were taken away
	EventFailed     EventKind = C.WAL_EVENT_FAILED      // the log has failed
	EventCorrupt    EventKind = C.WAL_EVENT_CORRUPT     // reading met damage
	EventSlowSync   EventKind = C.WAL_EVENT_SLOW_SYNC   // a sync took longer than WithSlowSync
	EventDurable    EventKind = C.WAL_EVENT_DURABLE     // the durable LSN has grown; never dropped
	EventWriteError EventKind = C.WAL_EVENT_WRITE_ERROR // records could not be written

	EventAll = EventRotated | EventSynced | EventPersisted | EventRemoved | EventTruncated |
		EventFailed | EventCorrupt | EventSlowSync | EventDurable | EventWriteError
)

// String gives the name of a single kind, "slow_sync", and a number for a mask.
func (k EventKind) String() string {
	switch k {
	case EventRotated:
		return "rotated"
	case EventSynced:
		return "synced"
	case EventPersisted:
		return "persisted"
	case EventRemoved:
		return "removed"
	case EventTruncated:
		return "truncated"
	case EventFailed:
		return "failed"
	case EventCorrupt:
		return "corrupt"
	case EventSlowSync:
		return "slow_sync"
	case EventDurable:
		return "durable"
	case EventWriteError:
		return "write_error"
	}
	return "EventKind(" + strconv.FormatUint(uint64(k), 10) + ")"
}

// An Event is something that happened to a log. What doesn't concern its kind is 0.
type Event struct {
	Kind     EventKind
	LSN      LSN
	Segment  uint64        // its number
	Bytes    uint64        // of EventCorrupt: the offset in the segment
	Duration time.Duration // what it took
	Time     time.Time     // when it happened
	Code     Code          // of EventFailed, EventCorrupt and EventWriteError; else 0
	Dropped  uint32        // so many events were lost before this one
}

// A Subscription is a queue of events, of the WithEventRing newest ones: when it is full the oldest
// are lost, and the next one says how many. One goroutine at a time waits in Next; Close may come
// from another one. It must be closed.
type Subscription struct {
	log  *Log
	mu   sync.Mutex // who is in Next; Close frees under it
	q    *queue
	shut bool // under mu
}

// Subscribe begins to queue events of these kinds: those from now on. A read-only log has
// EventCorrupt and EventDurable only. ErrInvalid: no kind, or an unknown one; ErrIO: no descriptor
// to be had; ErrClosed.
func (l *Log) Subscribe(kinds EventKind) (*Subscription, error) {
	if !l.enter() {
		return nil, l.closed()
	}
	defer l.leave()
	q, err := newQueue(l, kinds)
	if err != nil {
		return nil, err
	}
	s := &Subscription{log: l, q: q}
	runtime.SetFinalizer(s, func(s *Subscription) {
		reportLeak(s.log.logger, s.log.path, "subscription")
	})
	return s, nil
}

// Next gives the oldest event that is queued, and waits for one until the context ends. After the
// log's close it gives what is queued, then ErrClosed. ErrClosed after Close, too, which wakes it.
// Errors of looking, on a read-only log. No thread waits.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return Event{}, newError(ErrClosed, s.log.path, "the subscription is closed")
	}
	if ctx.Done() != nil {
		interrupted := make(chan struct{})
		stop := context.AfterFunc(ctx, func() {
			s.q.interrupt()
			close(interrupted)
		})
		defer func() {
			if !stop() {
				<-interrupted
				s.q.resume()
			}
		}()
	}
	event, err := s.q.next()
	if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() != nil {
		err = ctx.Err()
	}
	return event, err
}

// Close frees the queue. A second one is ErrClosed.
func (s *Subscription) Close() error {
	s.q.file.Close() // wakes who waits
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return newError(ErrClosed, s.log.path, "the subscription is closed")
	}
	s.shut = true
	s.q.free()
	runtime.SetFinalizer(s, nil)
	return nil
}

// A queue is a subscription of the library with its descriptor in Go's poller. It outlives the
// log's close, and refers to nothing of the Log.
type queue struct {
	s    *C.wal_subscription_t
	path string
	file *os.File // the descriptor's duplicate; it is polled, never read
	conn syscall.RawConn
}

// newQueue subscribes; the caller is inside.
func newQueue(l *Log, mask EventKind) (*queue, error) {
	r := C.gowal_subscribe(l.w, C.uint32_t(mask))
	if r.code < 0 {
		return nil, asError(&r, l.path)
	}
	q := &queue{s: (*C.wal_subscription_t)(r.handle), path: l.path}
	if err := q.poll(); err != nil {
		C.wal_unsubscribe(q.s)
		e := newError(ErrIO, l.path, err.Error())
		errors.As(err, &e.Errno)
		return nil, e
	}
	return q, nil
}

// poll puts a duplicate of the descriptor into the poller.
func (q *queue) poll() error {
	fd, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(C.wal_subscription_fd(q.s)),
		syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		return errno
	}
	if err := syscall.SetNonblock(int(fd), true); err != nil {
		syscall.Close(int(fd))
		return err
	}
	q.file = os.NewFile(fd, "libwal events")
	conn, err := q.file.SyscallConn()
	if err != nil {
		q.file.Close()
		return err
	}
	q.conn = conn
	return nil
}

func (q *queue) free() {
	q.file.Close()
	C.wal_unsubscribe(q.s)
}

func (q *queue) interrupt() { q.file.SetReadDeadline(time.Unix(1, 0)) }
func (q *queue) resume()    { q.file.SetReadDeadline(time.Time{}) }

// take gives an event if there is one.
func (q *queue) take() (Event, bool, error) {
	var e C.wal_event_t
	r := C.gowal_subscription_next(q.s, &e)
	if r.code <= 0 {
		return Event{}, false, asError(&r, q.path)
	}
	return Event{
		Kind:     EventKind(e.kind),
		LSN:      LSN(e.lsn),
		Segment:  uint64(e.segment),
		Bytes:    uint64(e.bytes),
		Duration: time.Duration(e.duration_ns),
		Time:     time.Unix(0, int64(e.time_ns)),
		Code:     Code(e.code),
		Dropped:  uint32(e.dropped),
	}, true, nil
}

// next waits for an event. The descriptor becomes readable with the first one behind a take that
// gave none, so that none is missed.
func (q *queue) next() (event Event, err error) {
	var got bool
	waited := q.conn.Read(func(uintptr) bool {
		event, got, err = q.take()
		return got || err != nil
	})
	if waited != nil && !got && err == nil {
		if errors.Is(waited, os.ErrDeadlineExceeded) {
			return event, waited
		}
		return event, newError(ErrClosed, q.path, "the subscription is closed")
	}
	return event, err
}

// A watch tells everybody who waits in Go that the log may have changed. Its goroutine lives from
// the first who asked to the log's close.
type watch struct {
	submitted submitted
	running   atomic.Bool // start has nothing to do

	mu      sync.Mutex
	changed chan struct{} // closed with the next change; nil: nobody waits
	lost    error         // why nothing more will be heard
	done    chan struct{} // closed when the goroutine has ended; nil: there is none yet
}

const watched = EventDurable | EventTruncated | EventFailed | EventWriteError

// start sees to it that there is the goroutine. The caller is inside.
func (w *watch) start(l *Log) error {
	if w.running.Load() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.startLocked(l)
}

func (w *watch) startLocked(l *Log) error {
	if w.lost != nil || w.done != nil {
		return w.lost
	}
	mask := watched
	if l.readOnly {
		mask = EventDurable
	}
	q, err := newQueue(l, mask)
	if err != nil {
		return err
	}
	w.done = make(chan struct{})
	w.running.Store(true)
	go w.run(q)
	return nil
}

// next gives a channel that is closed when the log changes from now on. The caller is inside.
func (w *watch) next(l *Log) (<-chan struct{}, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.startLocked(l); err != nil {
		return nil, err
	}
	if w.changed == nil {
		w.changed = make(chan struct{})
	}
	return w.changed, nil
}

// tell passes on what has happened; lost: nothing more will be heard.
func (w *watch) tell(kinds EventKind, lost error) {
	if lost != nil {
		w.running.Store(false)
	}
	if lost != nil || kinds&(EventFailed|EventWriteError) != 0 {
		w.submitted.trouble()
	} else if kinds&EventDurable != 0 {
		w.submitted.advance()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost = lost
	if w.changed != nil {
		close(w.changed)
		w.changed = nil
	}
}

// run tells of each change: on a read-only log without an event as well, whenever the writer may
// have come further.
func (w *watch) run(q *queue) {
	defer close(w.done)
	defer q.free()
	for {
		looks := 0
		var kinds EventKind
		var failed error
		err := q.conn.Read(func(uintptr) bool {
			for got := true; got && failed == nil; {
				var event Event
				event, got, failed = q.take()
				kinds |= event.Kind
			}
			looks++
			return kinds != 0 || looks > 1 || failed != nil
		})
		if err != nil {
			failed = err
		}
		w.tell(kinds, failed)
		if failed != nil {
			return
		}
	}
}

// wait waits for the goroutine's end, after the log's.
func (w *watch) wait() {
	w.mu.Lock()
	done := w.done
	w.mu.Unlock()
	if done != nil {
		<-done
	}
}
