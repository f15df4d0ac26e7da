// SPDX-License-Identifier: Apache-2.0

//go:build libwal_static && !libwal_source

package wal

// The archive libwal.a in place of the shared library. Where it isn't in a folder of the system:
//
//	export CGO_CFLAGS="$(pkg-config --cflags libwal)"
//	export CGO_LDFLAGS="-L$(pkg-config --variable=libdir libwal)"
//	go build -tags libwal_static

// #cgo LDFLAGS: -l:libwal.a -lz -lpthread
import "C"
