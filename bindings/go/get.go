// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import "sync"

// getBytes is what a record is read into first where its size isn't known.
const getBytes = 4 << 10

var getPool = sync.Pool{New: func() any { return new([getBytes]byte) }}

// Get reads one record. Its data are put into dst where they fit its capacity, else into new
// memory; dst may be nil. It sees every record appended through this log, durable or not; on a
// read-only one the durable ones. The record has no tag. It never waits for an append or a sync.
//
// ErrRange: LSN 0, below the first or above the last; ErrCorrupt, ErrCrypto, ErrIO, ErrClosed.
func (l *Log) Get(lsn LSN, dst []byte) (Record, error) {
	if !l.enter() {
		return Record{}, l.closed()
	}
	if cap(dst) == 0 {
		record, err := l.getNew(lsn)
		l.leave()
		return record, err
	}
	r := C.gowal_get(l.handle, C.uint64_t(lsn), bytesOf(dst), C.size_t(cap(dst)))
	if r.code < 0 {
		record, err := l.getAgain(lsn, r)
		l.leave()
		return record, err
	}
	l.leave()
	return got(lsn, &r, dst[:r.a:r.a]), nil
}

// getNew reads into new memory.
func (l *Log) getNew(lsn LSN) (Record, error) {
	scratch := getPool.Get().(*[getBytes]byte)
	defer getPool.Put(scratch)
	r := C.gowal_get(l.handle, C.uint64_t(lsn), bytesOf(scratch[:]), getBytes)
	if r.code < 0 {
		return l.getAgain(lsn, r)
	}
	return got(lsn, &r, append(make([]byte, 0, r.a), scratch[:r.a]...)), nil
}

// getAgain gives the error, or reads into new memory when what there was is too small. A record may
// grow meanwhile: its LSN is given to another one.
func (l *Log) getAgain(lsn LSN, r C.gowal_result) (Record, error) {
	for Code(r.code) == ErrTooBig {
		buf := make([]byte, r.a)
		r = C.gowal_get(l.handle, C.uint64_t(lsn), bytesOf(buf), C.size_t(len(buf)))
		if r.code >= 0 {
			return got(lsn, &r, buf[:r.a:r.a]), nil
		}
	}
	return Record{}, asError(&r, l.path)
}

// got is short enough to go into its callers: a Record is large.
func got(lsn LSN, r *C.gowal_result, data []byte) Record {
	return Record{
		LSN:       lsn,
		Type:      uint16(r._type),
		Durable:   r.flags&C.WAL_RECORD_DURABLE != 0,
		BatchLast: r.flags&C.WAL_RECORD_BATCH_LAST != 0,
		Data:      data,
	}
}
