// SPDX-License-Identifier: Apache-2.0

//go:build go1.24

package wal

// The calls that a program makes most: they never come back into Go, and keep no pointer, so what
// is handed to them may stay on the caller's stack. Older versions of Go don't know the directives.

// #cgo nocallback gowal_append
// #cgo noescape gowal_append
// #cgo nocallback gowal_append_packed
// #cgo noescape gowal_append_packed
// #cgo nocallback gowal_batch_append
// #cgo noescape gowal_batch_append
// #cgo nocallback gowal_get
// #cgo noescape gowal_get
// #cgo nocallback gowal_look
// #cgo nocallback gowal_range
// #cgo noescape gowal_range
// #cgo nocallback gowal_reader_fetch
// #cgo nocallback gowal_reader_copy
// #cgo noescape gowal_reader_copy
import "C"
