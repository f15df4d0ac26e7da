// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"runtime/cgo"
	"unsafe"
)

// A call is one call of the library that comes back into Go, on its own goroutine and thread. The
// library has no pointer to it, but a handle.
type call struct {
	callbacks *callbacks // of the log that the call is on; nil: of none

	progress func(done, total uint64) error
	record   func(Record) error
	gap      func(first, last LSN) error
	segment  func(Segment) (int, error)

	err      error // what a function returned
	panicked bool
	value    any // of the panic
}

func newCall(callbacks *callbacks) *call { return &call{callbacks: callbacks} }

func (c *call) run(f func(handle C.uintptr_t) C.gowal_result) C.gowal_result {
	handle := cgo.NewHandle(c)
	defer handle.Delete()
	return f(C.uintptr_t(handle))
}

// result gives the function's error where it had one, else the library's.
func (c *call) result(r *C.gowal_result, path string) error {
	err := asError(r, path)
	if c.err != nil {
		return c.err
	}
	return err
}

// resume goes on with a panic of the function, now that the library has come to an end.
func (c *call) resume() {
	if c.panicked {
		panic(c.value)
	}
}

// guard runs a function of the program inside the library: neither errors nor panics get through it
// but in the call's fields.
func (c *call) guard(f func() (int, error)) (code C.int) {
	if c.callbacks != nil {
		c.callbacks.begin()
		defer c.callbacks.end()
	}
	c.panicked = true
	defer func() {
		if c.panicked {
			c.value = recover()
			code = C.WAL_E_CALLBACK
		}
	}()
	n, err := f()
	c.panicked = false
	if err != nil {
		c.err = err
		return C.WAL_E_CALLBACK
	}
	return C.int(n)
}

func callOf(handle C.uintptr_t) *call { return cgo.Handle(handle).Value().(*call) }

//export gowalProgress
func gowalProgress(handle C.uintptr_t, done, total C.uint64_t) C.int {
	c := callOf(handle)
	return c.guard(func() (int, error) { return 0, c.progress(uint64(done), uint64(total)) })
}

//export gowalGap
func gowalGap(handle C.uintptr_t, first, last C.uint64_t) C.int {
	c := callOf(handle)
	return c.guard(func() (int, error) { return stops(c.gap(LSN(first), LSN(last))) })
}

//export gowalRecord
func gowalRecord(handle C.uintptr_t, r *C.wal_record_t) C.int {
	c := callOf(handle)
	return c.guard(func() (int, error) { return stops(c.record(copyRecord(r))) })
}

//export gowalSegment
func gowalSegment(handle C.uintptr_t, s *C.wal_segment_t) C.int {
	c := callOf(handle)
	return c.guard(func() (int, error) { return c.segment(asSegment(s)) })
}

func copyRecord(r *C.wal_record_t) Record {
	record := Record{
		LSN:       LSN(r.lsn),
		Type:      uint16(r._type),
		Durable:   r.flags&C.WAL_RECORD_DURABLE != 0,
		BatchLast: r.flags&C.WAL_RECORD_BATCH_LAST != 0,
		Data:      copyBytes(r.data, uint64(r.data_size)),
	}
	if r.tag_size > 0 {
		record.Tag = copyBytes(r.tag, uint64(r.tag_size))
	}
	return record
}

func copyBytes(from unsafe.Pointer, size uint64) []byte {
	return append(make([]byte, 0, size), unsafe.Slice((*byte)(from), size)...)
}
