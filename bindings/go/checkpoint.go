// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

// Checkpoint says that the program's state up to record lsn is safe, and keeps that state, or as
// much of it as is needed to find the rest (may be empty). It is durable when it returns. Replay
// begins behind the newest checkpoint, which survives TruncateBefore.
//
// ErrRange: lsn is 0, not yet durable, or below the newest checkpoint's; ErrTooBig: above
// WithCheckpointBytes; ErrNoSpace, ErrIO, ErrInDoubt, ErrFailed, ErrReadOnly, ErrClosed.
func (l *Log) Checkpoint(lsn LSN, state []byte) error {
	_, err := l.block(func() C.gowal_result {
		return C.gowal_checkpoint(l.w, C.uint64_t(lsn), bytesOf(state), C.size_t(len(state)))
	})
	return err
}

// LastCheckpoint gives the newest checkpoint's LSN and state. ErrNotFound: there is none;
// ErrCorrupt, ErrCrypto, ErrIO, ErrClosed.
func (l *Log) LastCheckpoint() (LSN, []byte, error) {
	var lsn LSN
	state, err := l.read(1<<10, func(buf []byte) C.gowal_result {
		r := C.gowal_checkpoint_get(l.w, bytesOf(buf), C.size_t(len(buf)))
		lsn = LSN(r.a)
		return r
	})
	return lsn, state, err
}

// SegmentCheckpoint is LastCheckpoint of those that lie in one segment, by its number: what Drain's
// function may ask for. ErrNotFound: none lies there, or there is no such segment.
func (l *Log) SegmentCheckpoint(segment uint64) (LSN, []byte, error) {
	var lsn LSN
	state, err := l.read(1<<10, func(buf []byte) C.gowal_result {
		r := C.gowal_segment_checkpoint(l.w, C.uint64_t(segment), bytesOf(buf), C.size_t(len(buf)))
		lsn = LSN(r.a)
		return r
	})
	return lsn, state, err
}

// read calls f with room for size bytes, and again with more as long as it says that more are
// needed.
func (l *Log) read(size int, f func(buf []byte) C.gowal_result) ([]byte, error) {
	if !l.enter() {
		return nil, l.closed()
	}
	defer l.leave()
	for {
		buf := make([]byte, size)
		r := f(buf)
		if Code(r.code) == ErrTooBig {
			size = int(r.b)
			continue
		}
		if r.code < 0 {
			return nil, asError(&r, l.path)
		}
		return buf[:r.b:r.b], nil
	}
}
