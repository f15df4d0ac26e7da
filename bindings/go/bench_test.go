// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

func BenchmarkAppendBuffered(b *testing.B) {
	log, err := wal.Open(b.TempDir()+"/log", wal.WithSync(wal.SyncNone), wal.WithSegmentBytes(4<<30))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	data := make([]byte, 128)
	ctx := context.Background()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := log.Append(ctx, data); err != nil {
			b.Fatal(err)
		}
	}
}
