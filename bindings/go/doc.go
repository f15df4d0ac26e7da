// SPDX-License-Identifier: Apache-2.0

// Package wal is libwal for Go: an embedded write-ahead log. A program hands it records, gets
// numbers (LSNs) back, and after any crash gets back exactly the records that were acknowledged, in
// order. A log is a directory; one process at a time writes it, with as many goroutines as it
// likes, and any number of processes read it meanwhile.
//
//	log, err := wal.Open("hello.wal")
//	if err != nil {
//		return err
//	}
//	defer log.Close()
//	lsn, err := log.Append(ctx, []byte("Hello")) // it survives a power cut from here on
//
// # Goroutines and threads
//
// What is said at a type holds for its methods: a [Log] may be used from any goroutine, a [Reader],
// [Batch] or [Subscription] from one at a time. Calls that wait for the disk take a thread each,
// and a log lets at most 64 of them wait at once; whoever comes above that, waits with a context
// that may end, waits for records that aren't there yet, or for events, has no thread. No thread of
// the C library ever comes into Go: functions that are called back run on the caller's goroutine.
//
// A context that ends stops the waiting, never the write: what was appended stays in the log.
//
// # Memory
//
// What is handed in is copied before the call returns, what comes out belongs to the program. Logs,
// readers, batches, subscriptions and locks have to be closed; the garbage collector only reports
// those that were lost, to the log's logger.
//
// # Errors
//
// All errors of the library are [*Error], with LSN, segment, offset and path as far as they are
// known, and the system's errno. errors.Is compares them with the codes ([ErrCorrupt], [ErrLocked]
// ...), and with a syscall.Errno. Errors of contexts, and of functions that the library calls back,
// are returned as they are.
//
// # Building
//
// It needs cgo, a C compiler, and the C library, which pkg-config finds by the name libwal; put the
// directory of a libwal.pc into PKG_CONFIG_PATH where that is in another place. The build tag
// libwal_static links the archive, libwal_source that of the source tree which the package lies in:
// link_static.go and link_source.go say how. The tag libwal_crypto adds WithKey, for encrypted
// logs, and needs libwal-crypto, thus OpenSSL.
package wal
