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
	defer l.leave()
	if cap(dst) > 0 {
		return l.get(lsn, dst[:cap(dst)])
	}
	scratch := getPool.Get().(*[getBytes]byte)
	defer getPool.Put(scratch)
	record, err := l.get(lsn, scratch[:])
	if err == nil && len(record.Data) <= getBytes {
		record.Data = append(make([]byte, 0, len(record.Data)), record.Data...)
	}
	return record, err
}

// get reads into buf, or, when that is too small, into new memory. A record may grow meanwhile: its
// LSN is given to another one.
func (l *Log) get(lsn LSN, buf []byte) (Record, error) {
	for {
		r := C.gowal_get(l.handle, C.uint64_t(lsn), bytesOf(buf), C.size_t(len(buf)))
		if Code(r.code) == ErrTooBig {
			buf = make([]byte, r.a)
			continue
		}
		if r.code < 0 {
			return Record{}, asError(&r, l.path)
		}
		return Record{
			LSN:       lsn,
			Type:      uint16(r._type),
			Durable:   r.flags&C.WAL_RECORD_DURABLE != 0,
			BatchLast: r.flags&C.WAL_RECORD_BATCH_LAST != 0,
			Data:      buf[:r.a:r.a],
		}, nil
	}
}
