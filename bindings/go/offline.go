// SPDX-License-Identifier: Apache-2.0

package wal

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"context"
	"io/fs"
	"sync"
	"time"
	"unsafe"
)

// A Progress is told how far a long operation has come: done never falls, and is total at the end,
// both in bytes. An error stops the operation, which returns it. It runs on the caller's goroutine,
// and must not end that (runtime.Goexit, testing.T.FailNow), nor must any other function that is
// called back; a panic comes through.
type Progress func(done, total uint64) error

// A Verification is what was found in a log.
type Verification struct {
	Verdict        Verdict
	Segments       uint64 // that make up the log
	Records        uint64 // that are there and right
	Bytes          uint64 // of their payloads
	FirstLSN       LSN    // of them; 0: there are none
	LastLSN        LSN    // the same
	DamagedSegment uint64 // the first one's number; 0: none, or the control file is damaged
	DamagedOffset  uint64 // bytes from the segment's start
	DamagedLSN     LSN    // the first record that the damage may concern; 0: unknown
	Gaps           uint64 // ranges of LSNs that can't be read
	Duration       time.Duration
}

func asVerification(v *C.wal_verify_t) Verification {
	return Verification{
		Verdict:        Verdict(v.verdict),
		Segments:       uint64(v.segments),
		Records:        uint64(v.records),
		Bytes:          uint64(v.bytes),
		FirstLSN:       LSN(v.first_lsn),
		LastLSN:        LSN(v.last_lsn),
		DamagedSegment: uint64(v.damaged_segment),
		DamagedOffset:  uint64(v.damaged_offset),
		DamagedLSN:     LSN(v.damaged_lsn),
		Gaps:           uint64(v.gaps),
		Duration:       time.Duration(v.duration_ns),
	}
}

// with adds the context to a progress function that may be nil.
func (p Progress) with(ctx context.Context) Progress {
	if ctx.Done() == nil {
		return p
	}
	return func(done, total uint64) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if p == nil {
			return nil
		}
		return p(done, total)
	}
}

// Verify reads all of the log in the directory with all of its checksums, and goes on behind
// damage. It writes nothing and takes no lock, and may run beside a writer. Of the options it uses
// WithKey and WithReadThreads. progress may be nil.
//
// ErrTorn: nothing but the end is torn, as a crash leaves it; ErrCorrupt: something is damaged.
// With these the Verification is filled as well. ErrNotFound, ErrInvalid (not a directory),
// ErrVersion, ErrUnsupported, ErrCrypto, ErrPerm, ErrIO; the context's error, and that of progress.
func Verify(
	ctx context.Context, dir string, progress Progress, options ...Option,
) (Verification, error) {
	if err := ctx.Err(); err != nil {
		return Verification{}, err
	}
	var v C.wal_verify_t
	c := newCall(nil)
	c.progress = progress.with(ctx)
	err := offline(dir, options, c, func(cdir *C.char, s *settings) C.gowal_result {
		if c.progress == nil {
			return C.gowal_verify(cdir, s.native, 0, &v)
		}
		return c.run(func(handle C.uintptr_t) C.gowal_result {
			return C.gowal_verify(cdir, s.native, handle, &v)
		})
	})
	return asVerification(&v), err
}

// RepairFlags say what Repair may do; at least one of them.
type RepairFlags uint32

// The flags.
const (
	RepairDryRun         RepairFlags = C.WAL_REPAIR_DRY_RUN         // nothing: what Verify says
	RepairCutAtDamage    RepairFlags = C.WAL_REPAIR_CUT_AT_DAMAGE   // the log ends before its damage
	RepairRebuildControl RepairFlags = C.WAL_REPAIR_REBUILD_CONTROL // a new control file
)

// Repair makes a damaged log one that opens again, under the writer's lock (ErrLocked; WithLock
// lends one). What is given up or replaced is first copied into the directory quarantine in the
// log's. A log that is right stays untouched. Errors and result are those of Verify; ErrCorrupt
// also where the flags don't suffice; ErrInvalid: no flag. It may take as long as reading the log
// does.
func Repair(dir string, flags RepairFlags, options ...Option) (Verification, error) {
	var v C.wal_verify_t
	err := offline(dir, options, newCall(nil), func(cdir *C.char, s *settings) C.gowal_result {
		return C.gowal_repair(cdir, s.native, C.uint32_t(flags), &v)
	})
	return asVerification(&v), err
}

// Salvage hands every record that can still be read to a function, in the order of LSNs, whatever
// is damaged; gap (may be nil) is told of the ranges of LSNs between them that are lost. It writes
// nothing and takes no lock; nobody should be writing. Of the options it uses WithKey.
//
// nil: there were no gaps; ErrCorrupt: there were, and all else was delivered. An error of a
// function stops it and is returned, but fs.SkipAll stops it without one; so does the context's end
// at the next record. Others as in Verify.
func Salvage(
	ctx context.Context, dir string, record func(Record) error,
	gap func(first, last LSN) error, options ...Option,
) error {
	c := newCall(nil)
	c.record = func(r Record) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return record(r)
	}
	c.gap = func(first, last LSN) error {
		if gap == nil {
			return nil
		}
		return gap(first, last)
	}
	return offline(dir, options, c, func(cdir *C.char, s *settings) C.gowal_result {
		return c.run(func(handle C.uintptr_t) C.gowal_result {
			return C.gowal_salvage(cdir, s.native, handle)
		})
	})
}

// stops gives a function's error the form in which callbacks return it: fs.SkipAll is 1.
func stops(err error) (int, error) {
	if err == fs.SkipAll {
		return 1, nil
	}
	return 0, err
}

// Copy copies the log, as it is at one moment of this call, into another directory, which must not
// have a log (ErrExists) and whose parent must be there (ErrNotFound): the records that are durable
// then, with everything beside them, as a log of its own. Appends go on meanwhile. progress may be
// nil. ErrTrimmed: a truncation took away what was not copied yet; ErrCorrupt: damage was met;
// ErrNoSpace, ErrIO, ErrClosed; the context's error, and that of progress. After an error there is
// no log in the other directory.
func (l *Log) Copy(ctx context.Context, dest string, progress Progress) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if !l.enter() {
		return l.closed()
	}
	defer l.leave()
	cdest := C.CString(dest)
	defer C.free(unsafe.Pointer(cdest))
	c := newCall(&l.callbacks)
	c.progress = l.untilClosed(progress.with(ctx))
	r := c.run(func(handle C.uintptr_t) C.gowal_result { return C.gowal_copy(l.w, cdest, handle) })
	err := c.result(&r, l.path)
	c.resume()
	return err
}

// untilClosed has a long operation end when somebody wants to close the log.
func (l *Log) untilClosed(p Progress) Progress {
	return func(done, total uint64) error {
		if l.inside.Load() >= closedBit {
			return l.closed()
		}
		if p == nil {
			return nil
		}
		return p(done, total)
	}
}

// Destroy removes the log in the directory: its own files only, then the directory if it is empty.
// ErrLocked: it is open for writing somewhere; ErrNotFound, ErrInvalid, ErrPerm, ErrIO. Cut short
// it can be called again.
func Destroy(dir string) error {
	return offline(dir, nil, newCall(nil), func(cdir *C.char, _ *settings) C.gowal_result {
		return C.gowal_destroy(cdir)
	})
}

// offline makes a call on a directory; c is what it calls back.
func offline(
	dir string, options []Option, c *call, f func(cdir *C.char, s *settings) C.gowal_result,
) error {
	s, err := newSettings(dir, options)
	if err != nil {
		return err
	}
	defer s.free()
	if err := s.lock.lend(s); err != nil {
		return err
	}
	defer s.lock.giveBack()
	cdir := C.CString(dir)
	defer C.free(unsafe.Pointer(cdir))
	r := f(cdir, s)
	err = c.result(&r, dir)
	c.resume()
	return err
}

// A Lock is the exclusive lock of a log's directory, apart from a log. It must be released.
type Lock struct {
	path   string
	mu     sync.Mutex
	native *C.wal_lock_t // nil: released
	lent   bool          // to a log or a repair
}

// AcquireLock takes the lock; the directory must exist, a log need not. ErrLocked: somebody has it;
// ErrNotFound, ErrInvalid (not a directory), ErrPerm, ErrIO.
func AcquireLock(dir string) (*Lock, error) {
	cdir := C.CString(dir)
	defer C.free(unsafe.Pointer(cdir))
	r := C.gowal_lock_acquire(cdir)
	if r.code < 0 {
		return nil, asError(&r, dir)
	}
	k := &Lock{path: dir, native: (*C.wal_lock_t)(r.handle)}
	// no logger knows of a lock: what is lost stays locked until the process ends
	return k, nil
}

// Release gives the lock back. ErrBusy: it is lent to a log that is open; ErrClosed: it was
// released.
func (k *Lock) Release() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unlent(); err != nil {
		return err
	}
	C.wal_lock_release(k.native)
	k.native = nil
	return nil
}

func (k *Lock) unlent() error {
	switch {
	case k.native == nil:
		return newError(ErrClosed, k.path, "the lock was released")
	case k.lent:
		return newError(ErrBusy, k.path, "the lock is lent")
	}
	return nil
}

// lend puts the lock into the settings; nil: there is none.
func (k *Lock) lend(s *settings) error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.unlent(); err != nil {
		return err
	}
	r := C.gowal_options_set_lock(s.native, k.native)
	k.lent = r.code >= 0
	return asError(&r, s.path)
}

func (k *Lock) giveBack() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lent = false
}

// LockHolder says whether somebody holds a directory's lock, thus has the log open for writing, and
// who: the process id, or 0 where the log doesn't tell it yet. The answer may be out of date when
// it comes. ErrNotFound, ErrInvalid, ErrPerm, ErrIO.
func LockHolder(dir string) (held bool, pid int, err error) {
	cdir := C.CString(dir)
	defer C.free(unsafe.Pointer(cdir))
	r := C.gowal_lock_holder(cdir)
	return r.a != 0, int(r.b), asError(&r, dir)
}

// Version gives the version of the C library that runs, "1.0.0".
func Version() string { return C.GoString(C.wal_version()) }
