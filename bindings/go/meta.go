// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"encoding/binary"
	"unsafe"
)

// Meta is a log's metadata: up to 64 small keys beside the records, such as a vote or a cursor.
// They survive truncation and Reset. A Batch changes them together with records.
type Meta struct{ log *Log }

// Meta gives the log's metadata.
func (l *Log) Meta() Meta { return Meta{l} }

// Get gives a key's value, never nil. ErrNotFound: there is no such key.
func (m Meta) Get(key string) ([]byte, error) {
	return m.log.read(1<<10, func(buf []byte) C.gowal_result {
		return C.gowal_meta_get(m.log.w, keyOf(key), C.size_t(len(key)), bytesOf(buf),
			C.size_t(len(buf)))
	})
}

// Set sets a key of 1 to 64 bytes to a value of 0 to 1024 bytes, durable when it returns.
// ErrInvalid: an empty key; ErrTooBig: key or value are; ErrFull: there are 64 keys; ErrNoSpace,
// ErrIO, ErrInDoubt, ErrFailed, ErrReadOnly, ErrClosed.
func (m Meta) Set(key string, value []byte) error {
	_, err := m.log.block(func() C.gowal_result {
		return C.gowal_meta_set(m.log.w, keyOf(key), C.size_t(len(key)), bytesOf(value),
			C.size_t(len(value)))
	})
	return err
}

// Delete removes a key, durable when it returns. ErrNotFound: there is no such key; else as Set.
func (m Meta) Delete(key string) error {
	_, err := m.log.block(func() C.gowal_result {
		return C.gowal_meta_delete(m.log.w, keyOf(key), C.size_t(len(key)))
	})
	return err
}

// All gives every key with its value, as of one moment.
func (m Meta) All() (map[string][]byte, error) {
	buf := make([]byte, C.GOWAL_META_BYTES)
	r, err := m.log.call(func() C.gowal_result {
		return C.gowal_meta_all(m.log.w, bytesOf(buf), C.size_t(len(buf)))
	})
	if err != nil {
		return nil, err
	}
	take := func() []byte {
		size := binary.NativeEndian.Uint16(buf)
		bytes := buf[2 : 2+size : 2+size]
		buf = buf[2+size:]
		return bytes
	}
	all := make(map[string][]byte, r.a)
	for range r.a {
		key := string(take())
		all[key] = take()
	}
	return all, nil
}

// keyOf gives C a key's bytes, for the length of a call.
func keyOf(key string) *C.uint8_t { return (*C.uint8_t)(unsafe.StringData(key)) }
