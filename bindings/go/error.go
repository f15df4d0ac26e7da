// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"io/fs"
	"os"
	"syscall"
	"unsafe"
)

// A Code is what went wrong, by number. The numbers are the C library's, and never change their
// meaning. A Code is an error itself: errors.Is(err, wal.ErrLocked) asks for it, whatever err
// wraps.
type Code int32

// The codes.
const (
	ErrInvalid     Code = C.WAL_E_INVAL       // an argument, option or combination that makes no sense
	ErrNoMemory    Code = C.WAL_E_NOMEM       // no memory
	ErrIO          Code = C.WAL_E_IO          // an error of the system: see Error.Errno
	ErrNoSpace     Code = C.WAL_E_NOSPC       // no space, quota or file size limit reached
	ErrNotFound    Code = C.WAL_E_NOTFOUND    // no log here, no such key, no checkpoint
	ErrExists      Code = C.WAL_E_EXISTS      // a log is there and WithExclusive was asked for
	ErrLocked      Code = C.WAL_E_LOCKED      // somebody else has the log open for writing
	ErrCorrupt     Code = C.WAL_E_CORRUPT     // damage: the error tells segment, offset and LSN
	ErrTorn        Code = C.WAL_E_TORN        // a strict open, or Verify, found a torn end
	ErrVersion     Code = C.WAL_E_VERSION     // written by a newer format version
	ErrReadOnly    Code = C.WAL_E_READONLY    // a write on a read-only handle
	ErrClosed      Code = C.WAL_E_CLOSED      // the log, or what belongs to it, was closed
	ErrFailed      Code = C.WAL_E_FAILED      // the log has failed earlier; nothing was done
	ErrInDoubt     Code = C.WAL_E_INDOUBT     // Error.LSN is there after the next open, or isn't
	ErrTooBig      Code = C.WAL_E_TOOBIG      // above a limit
	ErrRange       Code = C.WAL_E_RANGE       // an LSN outside the log
	ErrTrimmed     Code = C.WAL_E_TRIMMED     // the reader's place was cut away; Seek goes on
	ErrTimeout     Code = C.WAL_E_TIMEOUT     // not within the time given
	ErrCrypto      Code = C.WAL_E_CRYPTO      // no key or a wrong one; or encryption failed
	ErrBusy        Code = C.WAL_E_BUSY        // inside a callback; FlagNoWait would have to wait
	ErrFork        Code = C.WAL_E_FORK        // the handle belongs to the parent process
	ErrUnsupported Code = C.WAL_E_UNSUPPORTED // this build or version can't do it
	ErrCallback    Code = C.WAL_E_CALLBACK    // a callback stopped the operation
	ErrPerm        Code = C.WAL_E_PERM        // no rights; an unsafe directory or link
	ErrFull        Code = C.WAL_E_FULL        // no LSNs left; no room for another metadata key
)

// Error gives a short text.
func (c Code) Error() string { return C.GoString(C.wal_strerror(C.int(c))) }

// Name gives the name that the C library has for the code: "WAL_E_CORRUPT".
func (c Code) Name() string { return C.GoString(C.wal_error_name(C.int(c))) }

// Is reports whether the target is the error of package fs or os that says the same: ErrExists is
// fs.ErrExist, ErrNotFound fs.ErrNotExist, ErrPerm fs.ErrPermission, ErrClosed fs.ErrClosed,
// ErrTimeout os.ErrDeadlineExceeded. It is for errors.Is.
func (c Code) Is(target error) bool {
	switch c {
	case ErrExists:
		return target == fs.ErrExist
	case ErrNotFound:
		return target == fs.ErrNotExist
	case ErrPerm:
		return target == fs.ErrPermission
	case ErrClosed:
		return target == fs.ErrClosed
	case ErrTimeout:
		return target == os.ErrDeadlineExceeded
	}
	return false
}

// An Error is what the library has to say about a failure; errors.As finds it. errors.Is compares
// it by its Code, and finds its Errno as well.
type Error struct {
	Code    Code
	Name    string        // of the code: "WAL_E_CORRUPT"
	LSN     LSN           // the record concerned; 0: none, or unknown
	Segment uint64        // number of the segment concerned; 0: none, or unknown
	Offset  uint64        // bytes from that segment's start
	Path    string        // the log's directory; "" where none was named
	Errno   syscall.Errno // of the system call that failed; 0: none did
	text    string
}

// Error gives one line, with the place where there is one.
func (e *Error) Error() string { return "wal: " + e.text }

// Unwrap gives the Code, and the Errno where there is one.
func (e *Error) Unwrap() []error {
	if e.Errno != 0 {
		return []error{e.Code, e.Errno}
	}
	return []error{e.Code}
}

// newError makes an error of this package's own.
func newError(code Code, path, text string) *Error {
	return &Error{Code: code, Name: code.Name(), Path: path, text: path + ": " + text}
}

// asError turns a failed call's error into Go, and frees it. nil: the call has not failed.
func asError(r *C.gowal_result, path string) error {
	if r.code >= 0 {
		return nil
	}
	code := Code(r.code)
	if r.error == nil {
		return newError(code, path, code.Error())
	}
	defer C.gowal_free(unsafe.Pointer(r.error))
	return &Error{
		Code:    code,
		Name:    code.Name(),
		LSN:     LSN(r.error.lsn),
		Segment: uint64(r.error.segment),
		Offset:  uint64(r.error.offset),
		Path:    path,
		Errno:   syscall.Errno(r.error.sys_errno),
		text:    C.GoString(&r.error.message[0]),
	}
}
