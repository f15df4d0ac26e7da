// SPDX-License-Identifier: Apache-2.0

//go:build libwal_source

package wal

// The headers of the source tree that this package lies in, and the archive that the tree's build
// of preset release has made (cmake --preset release, cmake --build --preset release). With
// CGO_LDFLAGS=-L/path/to/build-dev it is that of another build: what stands there comes first. The
// flags of a sanitizer belong there, too.

// #cgo CFLAGS: -I${SRCDIR}/../../include
// #cgo LDFLAGS: -L${SRCDIR}/../../build-release -l:libwal.a -lz -lpthread
import "C"
