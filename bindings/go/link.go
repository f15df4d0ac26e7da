// SPDX-License-Identifier: Apache-2.0

//go:build !libwal_static && !libwal_source

package wal

// #cgo pkg-config: libwal
import "C"
