// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"runtime"
	"sync"
)

// A Batch gathers records that go in together: after a crash all are there, or none. Nothing of it
// is in the log before Commit; what doesn't fit in memory goes to a file without a name. It is for
// one goroutine at a time (others get ErrBusy); any number may be open at once. It must be closed.
type Batch struct {
	log    *Log
	mu     sync.Mutex
	native *C.wal_batch_t // nil: closed
}

// NewBatch makes an empty batch. ErrReadOnly, ErrFailed, ErrClosed.
func (l *Log) NewBatch() (*Batch, error) {
	r, err := l.call(func() C.gowal_result { return C.gowal_batch_new(l.w) })
	if err != nil {
		return nil, err
	}
	b := &Batch{log: l, native: (*C.wal_batch_t)(r.handle)}
	runtime.SetFinalizer(b, func(b *Batch) { reportLeak(b.log.logger, b.log.path, "batch") })
	return b, nil
}

// Append adds a copy of one record. ErrTooBig: it is above WithMaxRecordBytes, or the batch would
// pass 4 GiB; ErrNoSpace, ErrIO: of the file. The batch is then as it was before.
func (b *Batch) Append(data []byte) error { return b.AppendTyped(0, data) }

// AppendTyped is Append with a type.
func (b *Batch) AppendTyped(typ uint16, data []byte) error {
	if err := b.begin(); err != nil {
		return err
	}
	defer b.mu.Unlock()
	r := C.gowal_batch_append(b.native, C.uint32_t(typ), bytesOf(data), C.size_t(len(data)))
	return asError(&r, b.log.path)
}

// AppendRecords adds records by their Type and Data: all of them or, after an error, none.
func (b *Batch) AppendRecords(records []Record) error {
	p, err := b.log.packRecords(records)
	if err != nil {
		return err
	}
	defer p.free()
	return b.appendPacked(p)
}

// AppendPacked adds records that lie one behind the other, as Log.AppendPacked does: all of them
// or, after an error, none.
func (b *Batch) AppendPacked(payload []byte, sizes []uint32, types []uint16) error {
	p := packed{payload, sizes, types}
	if err := b.log.check(&p); err != nil {
		return err
	}
	return b.appendPacked(&p)
}

func (b *Batch) appendPacked(p *packed) error {
	payload, sizes, types, n := p.args()
	return b.do(func() C.gowal_result {
		return C.gowal_batch_append_packed(b.native, payload, sizes, types, n)
	})
}

// SetTag gives the batch a tag of up to 64 bytes (ErrTooBig), which readers show with each of its
// records and LastTag tells; an empty one takes it off. Commit and Abort do, too.
func (b *Batch) SetTag(tag []byte) error {
	return b.do(func() C.gowal_result {
		return C.gowal_batch_set_tag(b.native, bytesOf(tag), C.size_t(len(tag)))
	})
}

// SetMeta sets a metadata key together with the batch's records. Limits are those of Meta.Set.
func (b *Batch) SetMeta(key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return b.meta(key, value)
}

// DeleteMeta removes a metadata key together with the batch's records. A key that is missing is
// ErrNotFound from Commit.
func (b *Batch) DeleteMeta(key string) error { return b.meta(key, nil) }

func (b *Batch) meta(key string, value []byte) error {
	return b.do(func() C.gowal_result {
		return C.gowal_batch_meta(b.native, keyOf(key), C.size_t(len(key)), bytesOf(value),
			C.size_t(len(value)))
	})
}

// Count gives the number of records in the batch, Bytes that of their payloads' bytes; 0 when it is
// closed.
func (b *Batch) Count() uint64 {
	if b.begin() != nil {
		return 0
	}
	defer b.mu.Unlock()
	return uint64(C.wal_batch_count(b.native))
}

// Bytes: see Count.
func (b *Batch) Bytes() uint64 {
	if b.begin() != nil {
		return 0
	}
	defer b.mu.Unlock()
	return uint64(C.wal_batch_bytes(b.native))
}

// Commit appends the whole batch and gives its first and last LSN; 0 where it has no records. It
// returns when the batch is durable, as Append does: by mode and flags, and with metadata always.
// The context is regarded while it waits for one of the 64 places of callers in the library; the
// disk it can't interrupt. After success the batch is empty and can be filled again. After an error
// it keeps all: commit again, or abort; after ErrInDoubt and ErrFailed only abort.
func (b *Batch) Commit(ctx context.Context, flags AppendFlags) (first, last LSN, err error) {
	if err := ctx.Err(); err != nil {
		return 0, 0, err
	}
	return b.commit(ctx, func() C.gowal_result {
		return C.gowal_batch_commit(b.native, C.uint32_t(flags))
	})
}

// ReplaceAfter is Log.TruncateAfter and Commit in one atomic step, durable when it returns. The
// records get lsn + 1 and on. ErrRange: lsn is below the first - 1, or with records at or above the
// next.
func (b *Batch) ReplaceAfter(lsn LSN) (first, last LSN, err error) {
	done, err := b.log.cut()
	if err != nil {
		return 0, 0, err
	}
	first, last, err = b.commit(context.Background(), func() C.gowal_result {
		return C.gowal_batch_replace_after(b.native, C.uint64_t(lsn))
	})
	done(err, 0, lsn)
	return first, last, err
}

func (b *Batch) commit(
	ctx context.Context, f func() C.gowal_result,
) (first, last LSN, err error) {
	if err := b.begin(); err != nil {
		return 0, 0, err
	}
	defer b.mu.Unlock()
	l := b.log
	if !l.enter() {
		return 0, 0, l.closed()
	}
	defer l.leave()
	if l.callbacks.here() {
		return 0, 0, l.busy()
	}
	if err := l.takeSlot(ctx); err != nil {
		return 0, 0, err
	}
	defer l.giveSlot()
	r := f()
	if err := asError(&r, l.path); err != nil {
		return 0, 0, err
	}
	if l.ahead.Load() > 0 {
		l.committer.kick(l)
	}
	return LSN(r.a), LSN(r.b), nil
}

// Abort throws records, tag and metadata away; the batch can be filled again.
func (b *Batch) Abort() error {
	return b.do(func() C.gowal_result { return C.gowal_batch_abort(b.native) })
}

// Close throws all away and frees the batch; a second time it is ErrClosed. What was committed
// stays.
func (b *Batch) Close() error {
	if err := b.begin(); err != nil {
		return err
	}
	defer b.mu.Unlock()
	C.wal_batch_free(b.native)
	b.native = nil
	runtime.SetFinalizer(b, nil)
	return nil
}

// begin locks the batch for its caller.
func (b *Batch) begin() error {
	if !b.mu.TryLock() {
		return newError(ErrBusy, b.log.path, "another goroutine is using the batch")
	}
	if b.native == nil {
		b.mu.Unlock()
		return newError(ErrClosed, b.log.path, "the batch is closed")
	}
	return nil
}

func (b *Batch) do(f func() C.gowal_result) error {
	if err := b.begin(); err != nil {
		return err
	}
	defer b.mu.Unlock()
	r := f()
	return asError(&r, b.log.path)
}

// LastTag gives the tag of the newest tagged batch; nil: there never was one, or none is left.
func (l *Log) LastTag() ([]byte, error) {
	tag, err := l.read(64, func(buf []byte) C.gowal_result {
		return C.gowal_last_tag(l.w, bytesOf(buf), C.size_t(len(buf)))
	})
	if len(tag) == 0 {
		return nil, err
	}
	return tag, err
}
