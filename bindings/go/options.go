// SPDX-License-Identifier: Apache-2.0

package wal

// #include <stdlib.h>
// #include "shim.h"
import "C"

import (
	"io/fs"
	"log/slog"
	"time"
	"unsafe"
)

// An Option says how Open, Verify, Repair or Salvage go about it; what concerns only writing is
// ignored by those that don't write. The same one may be used any number of times. A value out of
// range is ErrInvalid from the function that it is handed to.
type Option func(*settings) error

// settings are what a call's options come together in.
type settings struct {
	path   string
	native *C.wal_options_t
	lock   *Lock
	logger *slog.Logger
}

// newSettings applies the options, later ones over earlier ones. Freed by free.
func newSettings(path string, options []Option) (*settings, error) {
	r := C.gowal_options_new()
	if r.code < 0 {
		return nil, asError(&r, path)
	}
	s := &settings{path: path, native: (*C.wal_options_t)(r.handle)}
	for _, option := range options {
		if err := option(s); err != nil {
			s.free()
			return nil, err
		}
	}
	return s, nil
}

func (s *settings) free() { C.wal_options_free(s.native) }

func (s *settings) get(option C.uint32_t) uint64 {
	var value C.uint64_t
	C.wal_options_get(s.native, option, &value)
	return uint64(value)
}

func number(option C.uint32_t, value uint64) Option {
	return func(s *settings) error {
		r := C.gowal_options_set(s.native, option, C.uint64_t(value))
		return asError(&r, s.path)
	}
}

func flag(option C.uint32_t, on bool) Option {
	if on {
		return number(option, 1)
	}
	return number(option, 0)
}

// whole gives a duration in units; below 0 it is a number that no option takes.
func whole(d, unit time.Duration) uint64 { return uint64(d / unit) }

// A SyncMode says what a record is when its append returns.
type SyncMode uint32

// The modes.
const (
	SyncNone     SyncMode = C.WAL_SYNC_NONE     // buffered; synced when asked, at rotation, at close
	SyncInterval SyncMode = C.WAL_SYNC_INTERVAL // buffered; synced by time and amount: WithInterval
	SyncData     SyncMode = C.WAL_SYNC_DATA     // durable, by fdatasync; the default
	SyncFull     SyncMode = C.WAL_SYNC_FULL     // durable, by fsync
	SyncDSync    SyncMode = C.WAL_SYNC_DSYNC    // durable, written through O_DSYNC
)

// A Codec compresses what is written.
type Codec uint32

// The codecs.
const (
	CodecNone Codec = C.WAL_CODEC_NONE
	CodecZlib Codec = C.WAL_CODEC_ZLIB
)

// A Preset is a set of options for a purpose; the C header options.h lists them.
type Preset uint32

// The presets.
const (
	PresetLowLatency     Preset = C.WAL_PRESET_LOW_LATENCY     // a commit does its own write and sync
	PresetHighThroughput Preset = C.WAL_PRESET_HIGH_THROUGHPUT // many records share what costs time
	PresetDurable        Preset = C.WAL_PRESET_DURABLE         // least trust in the system below
)

// With sets any option by its name in the C library, as in a configuration file:
// With("segment_bytes", "16M"). Bytes take K, M and G, modes are names or numbers, permissions are
// octal, flags are 0 or 1.
func With(name, value string) Option {
	return func(s *settings) error {
		cname, cvalue := C.CString(name), C.CString(value)
		defer C.free(unsafe.Pointer(cname))
		defer C.free(unsafe.Pointer(cvalue))
		r := C.gowal_options_set_string(s.native, cname, cvalue)
		return asError(&r, s.path)
	}
}

// WithPreset sets the options of a preset; what stands behind it wins.
func WithPreset(p Preset) Option {
	return func(s *settings) error {
		r := C.gowal_options_preset(s.native, C.uint32_t(p))
		return asError(&r, s.path)
	}
}

// WithCreate says whether Open makes the log where there is none, which it does by default.
func WithCreate(on bool) Option { return flag(C.WAL_OPT_CREATE, on) }

// WithExclusive makes it ErrExists when a log is there already.
func WithExclusive() Option { return flag(C.WAL_OPT_EXCLUSIVE, true) }

// WithReadOnly opens the log without writing, repairing or locking: beside a writer, which it
// follows.
func WithReadOnly() Option { return flag(C.WAL_OPT_READ_ONLY, true) }

// WithStrict refuses a torn end (ErrTorn) in place of cutting it.
func WithStrict() Option { return flag(C.WAL_OPT_STRICT, true) }

// WithSync sets when an append returns.
func WithSync(m SyncMode) Option { return number(C.WAL_OPT_SYNC, uint64(m)) }

// WithInterval makes it mode SyncInterval: a sync at least so often (milliseconds count, 1 ms to
// one hour), and when so many bytes are buffered (0: the default, 1 MiB).
func WithInterval(every time.Duration, bytes uint64) Option {
	return func(s *settings) error {
		if err := WithSync(SyncInterval)(s); err != nil {
			return err
		}
		if bytes > 0 {
			if err := number(C.WAL_OPT_INTERVAL_BYTES, bytes)(s); err != nil {
				return err
			}
		}
		return number(C.WAL_OPT_INTERVAL_MS, whole(every, time.Millisecond))(s)
	}
}

// WithSegmentBytes begins a new segment file at this size, 64 KiB to 4 GiB; 64 MiB by default.
func WithSegmentBytes(n uint64) Option { return number(C.WAL_OPT_SEGMENT_BYTES, n) }

// WithSegmentRecords begins a new segment after so many records as well; 0: no limit.
func WithSegmentRecords(n uint64) Option { return number(C.WAL_OPT_SEGMENT_RECORDS, n) }

// WithMaxRecordBytes bounds a record, up to 1 GiB; 16 MiB by default. A larger one is ErrTooBig.
func WithMaxRecordBytes(n uint64) Option { return number(C.WAL_OPT_MAX_RECORD_BYTES, n) }

// WithGroupBytes sets where commits stop sharing a group, 64 KiB to 256 MiB.
func WithGroupBytes(n uint64) Option { return number(C.WAL_OPT_GROUP_BYTES, n) }

// WithPendingBytes bounds what is buffered and unwritten: above it appends wait. 64 MiB by default.
func WithPendingBytes(n uint64) Option { return number(C.WAL_OPT_PENDING_BYTES, n) }

// WithGroupWait lets a commit wait so long for company (microseconds count, up to 1 s); 0 by
// default.
func WithGroupWait(d time.Duration) Option {
	return number(C.WAL_OPT_GROUP_WAIT_US, whole(d, time.Microsecond))
}

// WithZeroAheadBytes sets how far ahead of its end the file is filled with zeros; 1 MiB by default.
func WithZeroAheadBytes(n uint64) Option { return number(C.WAL_OPT_ZERO_AHEAD_BYTES, n) }

// WithDirectIO writes past the page cache, where the file system can do that: Info tells.
func WithDirectIO() Option { return flag(C.WAL_OPT_DIRECT_IO, true) }

// WithIndexBytes bounds the memory for finding records by LSN; 64 MiB by default.
func WithIndexBytes(n uint64) Option { return number(C.WAL_OPT_INDEX_BYTES, n) }

// WithFirstLSN sets the first record's LSN in a log that this open makes; 1 by default.
func WithFirstLSN(lsn LSN) Option { return number(C.WAL_OPT_FIRST_LSN, uint64(lsn)) }

// WithCodec compresses what is written, level 1 (fast) to 9 (small). Any log can be read without.
func WithCodec(c Codec, level int) Option {
	return func(s *settings) error {
		if err := number(C.WAL_OPT_CODEC, uint64(c))(s); err != nil {
			return err
		}
		return number(C.WAL_OPT_CODEC_LEVEL, uint64(level))(s)
	}
}

// WithRetainBytes removes the oldest segments as long as all together use more; 0: off.
func WithRetainBytes(n uint64) Option { return number(C.WAL_OPT_RETAIN_BYTES, n) }

// WithRetainSegments keeps so many sealed segments; 0: off.
func WithRetainSegments(n uint64) Option { return number(C.WAL_OPT_RETAIN_SEGMENTS, n) }

// WithRetainAge removes a segment so long after its end was written (milliseconds count); 0: off.
func WithRetainAge(d time.Duration) Option {
	return number(C.WAL_OPT_RETAIN_AGE_MS, whole(d, time.Millisecond))
}

// WithRetainFromCheckpoint removes segments that have nothing above the newest checkpoint.
func WithRetainFromCheckpoint() Option { return flag(C.WAL_OPT_RETAIN_FROM_CHECKPOINT, true) }

// WithPinLimitBytes bounds what readers with Pin hold back from retention; 1 GiB by default.
func WithPinLimitBytes(n uint64) Option { return number(C.WAL_OPT_PIN_LIMIT_BYTES, n) }

// WithReserveBytes keeps a file of that size, given up when the file system has no space left.
func WithReserveBytes(n uint64) Option { return number(C.WAL_OPT_RESERVE_BYTES, n) }

// WithFileMode sets the permissions of new files, less the umask; 0600 by default.
func WithFileMode(m fs.FileMode) Option { return number(C.WAL_OPT_FILE_MODE, uint64(m)) }

// WithDirMode sets the permissions of a new directory, less the umask; 0700 by default.
func WithDirMode(m fs.FileMode) Option { return number(C.WAL_OPT_DIR_MODE, uint64(m)) }

// WithGroupAlign begins each write at a multiple of 64, 512 or 4096 bytes; 64 by default.
func WithGroupAlign(n uint64) Option { return number(C.WAL_OPT_GROUP_ALIGN, n) }

// WithCheckpointBytes bounds the state that a checkpoint holds; 64 MiB by default.
func WithCheckpointBytes(n uint64) Option { return number(C.WAL_OPT_CHECKPOINT_BYTES, n) }

// WithSlowSync tells of syncs that take longer by an event (microseconds count); 0: off.
func WithSlowSync(d time.Duration) Option {
	return number(C.WAL_OPT_SLOW_SYNC_US, whole(d, time.Microsecond))
}

// WithEventRing sets how many events wait to be fetched, for each subscription; 1024 by default.
func WithEventRing(n uint64) Option { return number(C.WAL_OPT_EVENT_RING, n) }

// WithReadThreads lets Verify read so many segments at the same time, 1 to 64; 1 by default.
func WithReadThreads(n uint64) Option { return number(C.WAL_OPT_READ_THREADS, n) }

// WithBackground says whether the log may run one thread of its own, which it may by default.
// Without it FlagSubmit and mode SyncInterval are ErrInvalid.
func WithBackground(on bool) Option { return flag(C.WAL_OPT_BACKGROUND, on) }

// WithLabel gives the log a label of up to 64 bytes, for people and tools; it is copied. Without
// this option a log keeps the label that it has; an empty one makes an end of it.
func WithLabel(label string) Option {
	return func(s *settings) error {
		data := unsafe.StringData(label)
		r := C.gowal_options_set_label(s.native, (*C.uint8_t)(data), C.size_t(len(label)))
		return asError(&r, s.path)
	}
}

// WithLock lends Open or Repair a lock of AcquireLock, in place of one of their own. It stays the
// caller's, and can be released once the log is closed.
func WithLock(lock *Lock) Option {
	return func(s *settings) error {
		s.lock = lock
		return nil
	}
}

// WithLogger tells the logger what happens to the log: see Log for what. The handler is called on a
// goroutine of the log's, and must not close the log.
func WithLogger(logger *slog.Logger) Option {
	return func(s *settings) error {
		s.logger = logger
		return nil
	}
}
