// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"math"
	"sync"
	"unsafe"
)

// AppendBatch appends records of type 0 as one batch: after a crash all are there, or none. It
// gives the first one's LSN; the others follow without a gap. All else is as in Append; no payloads
// at all is ErrInvalid, more than 4 GiB together ErrTooBig.
func (l *Log) AppendBatch(ctx context.Context, payloads [][]byte) (LSN, error) {
	p, err := l.packPayloads(payloads)
	if err != nil {
		return 0, err
	}
	defer p.free()
	return l.submit(ctx, input{packed: p}, 0)
}

// AppendRecords is AppendBatch with types and flags: of the records Type and Data are taken.
func (l *Log) AppendRecords(
	ctx context.Context, records []Record, flags AppendFlags,
) (LSN, error) {
	p, err := l.packRecords(records)
	if err != nil {
		return 0, err
	}
	defer p.free()
	return l.submit(ctx, input{packed: p}, flags)
}

// AppendPacked is AppendRecords for records that lie one behind the other in payload, sizes[i]
// bytes each; types nil: all 0. It spares large batches a copy. ErrInvalid: there are as many types
// as sizes, or the sizes are not payload's together.
func (l *Log) AppendPacked(
	ctx context.Context, payload []byte, sizes []uint32, types []uint16, flags AppendFlags,
) (LSN, error) {
	p := packed{payload, sizes, types}
	if err := l.check(&p); err != nil {
		return 0, err
	}
	return l.submit(ctx, input{packed: &p}, flags)
}

// packed is records in the form of wal_append_packed: their bytes one behind the other, in Go's
// memory, which the library copies from during the call.
type packed struct {
	payload []byte
	sizes   []uint32
	types   []uint16 // nil: all 0
}

func (l *Log) check(p *packed) error {
	if len(p.payload) > math.MaxUint32 {
		return l.tooBig()
	}
	var size uint64
	for _, n := range p.sizes {
		size += uint64(n)
	}
	if size != uint64(len(p.payload)) || p.types != nil && len(p.types) != len(p.sizes) {
		return newError(ErrInvalid, l.path, "sizes, types and payload don't fit each other")
	}
	return nil
}

// What C gets of it. Empty types are none, too.
func (p *packed) args() (*C.uint8_t, *C.uint32_t, *C.uint16_t, C.size_t) {
	var types *C.uint16_t
	if len(p.types) > 0 {
		types = (*C.uint16_t)(&p.types[0])
	}
	return bytesOf(p.payload), (*C.uint32_t)(unsafe.SliceData(p.sizes)), types,
		C.size_t(len(p.sizes))
}

// keptBytes and keptRecords are the most that is kept for the next one.
const (
	keptBytes   = 4 << 20
	keptRecords = keptBytes / 32
)

var packedPool = sync.Pool{New: func() any { return new(packed) }}

// newPacked has room for so many records, of so many bytes together.
func (l *Log) newPacked(records int, bytes uint64) (*packed, error) {
	if bytes > math.MaxUint32 {
		return nil, l.tooBig()
	}
	p := packedPool.Get().(*packed)
	p.payload, p.sizes, p.types = p.payload[:0], p.sizes[:0], p.types[:0]
	if uint64(cap(p.payload)) < bytes {
		p.payload = make([]byte, 0, bytes)
	}
	if cap(p.sizes) < records {
		p.sizes, p.types = make([]uint32, 0, records), make([]uint16, 0, records)
	}
	return p, nil
}

func (l *Log) tooBig() error { return newError(ErrTooBig, l.path, "more than 4 GiB together") }

func (p *packed) free() {
	if cap(p.payload) <= keptBytes && cap(p.sizes) <= keptRecords {
		packedPool.Put(p)
	}
}

func (l *Log) packPayloads(payloads [][]byte) (*packed, error) {
	var size uint64
	for _, data := range payloads {
		size += uint64(len(data))
	}
	p, err := l.newPacked(len(payloads), size)
	if err != nil {
		return nil, err
	}
	for _, data := range payloads {
		p.payload = append(p.payload, data...)
		p.sizes = append(p.sizes, uint32(len(data)))
	}
	return p, nil
}

func (l *Log) packRecords(records []Record) (*packed, error) {
	var size uint64
	for i := range records {
		size += uint64(len(records[i].Data))
	}
	p, err := l.newPacked(len(records), size)
	if err != nil {
		return nil, err
	}
	for i := range records {
		p.payload = append(p.payload, records[i].Data...)
		p.sizes = append(p.sizes, uint32(len(records[i].Data)))
		p.types = append(p.types, records[i].Type)
	}
	return p, nil
}
