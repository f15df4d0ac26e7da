package raftwal_test

import (
	"path/filepath"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/raftwal"
	"github.com/libwal/libwal/bindings/go/raftwal/raftstoretest"
)

func open(dir string) (raftstoretest.Store, error) {
	return raftwal.Open(filepath.Join(dir, "log"))
}

func TestStore(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{Open: open})
}

// Small segments, compression and little memory change nothing.
func TestStoreSmallSegments(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Open: func(dir string) (raftstoretest.Store, error) {
			return raftwal.Open(filepath.Join(dir, "log"), wal.WithSegmentBytes(64<<10),
				wal.WithCodec(wal.CodecZlib, 1), wal.WithSegmentRecords(3))
		},
	})
}
