// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"context"
	"unsafe"
)

// AppendFlags change what an append does; 0: as the log's mode says. FlagSync, FlagAsync and
// FlagSubmit exclude each other.
type AppendFlags uint32

// The flags.
const (
	FlagSync   AppendFlags = C.WAL_APPEND_SYNC   // return when it is durable, in any mode
	FlagAsync  AppendFlags = C.WAL_APPEND_ASYNC  // return when it is buffered
	FlagNoWait AppendFlags = C.WAL_APPEND_NOWAIT // ErrBusy in place of waiting for room
	FlagSubmit AppendFlags = C.WAL_APPEND_SUBMIT // as FlagAsync; the log's own thread commits it
)

// Append appends a record of type 0 and gives its LSN. In modes SyncData (the default), SyncFull
// and SyncDSync it returns when the record is durable, and shares the disk's syncs with whoever
// appends at the same time; in SyncInterval and SyncNone when it is buffered. The bytes are copied
// before it returns. Calls of one goroutine keep their order.
//
// A context that can't end (context.Background) lets the calling thread do the work, for at most 64
// callers at once, which is the fastest way; a record that could not be written (ErrNoSpace, ErrIO)
// is then withdrawn, and its LSN goes to the next one. Other callers, however many there are, wait
// without a thread: the record is buffered, and committed together with all that wait. When the
// context ends meanwhile, they get the LSN with the context's error: the record stays in the log.
// The same holds for ErrNoSpace and ErrIO with an LSN: the record stays buffered, and becomes
// durable once there is room; until then Wait says what is the matter. A log whose disk is full
// fails where both ways of waiting meet: what is withdrawn would leave a hole before what stays.
//
// An error with LSN 0 says that there is no record. ErrTooBig: above WithMaxRecordBytes.
// ErrInDoubt: the sync failed, and the next Open will tell whether the record is there. ErrFailed:
// the log has failed before. ErrReadOnly, ErrFull, ErrClosed.
func (l *Log) Append(ctx context.Context, data []byte) (LSN, error) {
	return l.submit(ctx, input{data: data}, 0)
}

// AppendTyped is Append with a type, which is the caller's to use, and flags. Errors besides those
// of Append: ErrBusy with FlagNoWait; ErrInvalid for flags that exclude each other.
func (l *Log) AppendTyped(
	ctx context.Context, typ uint16, data []byte, flags AppendFlags,
) (LSN, error) {
	return l.submit(ctx, input{data: data, typ: typ}, flags)
}

// AppendAsync appends a record without waiting for the disk: it returns when the record is
// buffered. The next commit, Wait or Sync takes it along. It waits for room (WithPendingBytes)
// until the context ends.
func (l *Log) AppendAsync(ctx context.Context, data []byte) (LSN, error) {
	return l.submit(ctx, input{data: data}, FlagAsync)
}

// Flush hands everything buffered to the operating system, without a sync. ErrNoSpace, ErrIO: it
// stays buffered.
func (l *Log) Flush() error {
	_, err := l.block(func() C.gowal_result { return C.gowal_flush(l.w) })
	return err
}

// input is what an append hands in: one record, or several as one batch.
type input struct {
	data   []byte
	typ    uint16
	packed *packed
}

// send hands it to the library; `but` is a code that is no error.
func (in *input) send(l *Log, flags AppendFlags, but Code) C.gowal_result {
	if p := in.packed; p != nil {
		payload, sizes, types, n := p.args()
		return C.gowal_append_packed(l.handle, payload, sizes, types, n, C.uint32_t(flags),
			C.int32_t(but))
	}
	return C.gowal_append(l.handle, C.uint32_t(in.typ), bytesOf(in.data), C.size_t(len(in.data)),
		C.uint32_t(flags), C.int32_t(but))
}

// bytesOf gives C the bytes, for the length of a call.
func bytesOf(data []byte) *C.uint8_t { return (*C.uint8_t)(unsafe.SliceData(data)) }

func (l *Log) submit(ctx context.Context, in input, flags AppendFlags) (LSN, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if !l.enter() {
		return 0, l.closed()
	}
	lsn, err := l.submitInside(ctx, &in, flags)
	l.leave()
	return lsn, err
}

func (l *Log) submitInside(ctx context.Context, in *input, flags AppendFlags) (LSN, error) {
	durable := flags&FlagSync != 0 || l.durable && flags&(FlagAsync|FlagSubmit) == 0
	if !durable || l.readOnly {
		lsn, err := l.buffer(ctx, in, flags)
		if err == nil && l.ahead.Load() > 0 {
			l.committer.kick(l)
		}
		return lsn, err
	}
	if ctx.Done() == nil && l.trySlot() {
		r := in.send(l, flags, 0)
		l.giveSlot()
		return l.sent(r)
	}
	if flags&(FlagAsync|FlagSubmit) != 0 { // beside FlagSync: the library's to refuse
		return l.sent(in.send(l, flags, 0))
	}
	if l.background && l.watch.submitted.few() && l.watch.start(l) == nil {
		troubles := l.watch.submitted.troubles.Load()
		lsn, err := l.buffer(ctx, in, flags&^FlagSync|FlagSubmit)
		if err != nil {
			return lsn, err
		}
		return lsn, l.watch.submitted.wait(ctx, l, lsn, troubles)
	}
	lsn, err := l.buffer(ctx, in, flags&^FlagSync|FlagAsync)
	if err != nil {
		return lsn, err
	}
	return lsn, l.committer.wait(ctx, l, lsn)
}

// buffer appends without waiting for the disk, but for room where there is none.
func (l *Log) buffer(ctx context.Context, in *input, flags AppendFlags) (LSN, error) {
	if flags&FlagNoWait != 0 {
		return l.sent(in.send(l, flags, 0))
	}
	r := in.send(l, flags|FlagNoWait, ErrBusy)
	if Code(r.code) != ErrBusy {
		return l.sent(r)
	}
	if l.callbacks.here() {
		return 0, l.busy()
	}
	if err := l.takeSlot(ctx); err != nil {
		return 0, err
	}
	defer l.giveSlot()
	return l.sent(in.send(l, flags, 0))
}

// sent gives an append's result.
func (l *Log) sent(r C.gowal_result) (LSN, error) {
	if r.code >= 0 {
		return LSN(r.a), nil
	}
	err := asError(&r, l.path).(*Error)
	if err.Code == ErrInDoubt {
		return err.LSN, err
	}
	return 0, err
}
