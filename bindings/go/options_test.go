// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"strings"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestEveryOption(t *testing.T) {
	log := newLog(t, wal.WithPreset(wal.PresetDurable), wal.WithPreset(wal.PresetHighThroughput),
		wal.WithCreate(true), wal.WithExclusive(), wal.WithSync(wal.SyncData),
		wal.WithInterval(time.Second, 1<<20), wal.WithSegmentBytes(1<<20),
		wal.WithSegmentRecords(100), wal.WithMaxRecordBytes(1<<20), wal.WithGroupBytes(1<<20),
		wal.WithPendingBytes(1<<20), wal.WithGroupWait(time.Microsecond),
		wal.WithZeroAheadBytes(0), wal.WithDirectIO(), wal.WithIndexBytes(1<<20),
		wal.WithFirstLSN(10), wal.WithCodec(wal.CodecZlib, 9), wal.WithRetainBytes(1<<30),
		wal.WithRetainSegments(100), wal.WithRetainAge(time.Hour), wal.WithRetainFromCheckpoint(),
		wal.WithPinLimitBytes(1<<20), wal.WithReserveBytes(4096), wal.WithFileMode(0o640),
		wal.WithDirMode(0o750), wal.WithGroupAlign(512), wal.WithCheckpointBytes(1<<20),
		wal.WithSlowSync(time.Hour), wal.WithEventRing(16), wal.WithReadThreads(2),
		wal.WithBackground(true), wal.WithLabel("label"), wal.With("codec_min_bytes", "1K"))
	equal(t, must(log.Append(background, []byte("x")))(t), 10)
	info := must(log.Info())(t)
	equal(t, info.Label, "label")
	equal(t, info.Codec, wal.CodecZlib)
	equal(t, info.ReadOnly, false)
	equal(t, info.Major, 1)
	check(t, log.Sync(background))
}

func TestBadOptions(t *testing.T) {
	path := newPath(t)
	for name, option := range map[string]wal.Option{
		"segment_bytes": wal.WithSegmentBytes(1),
		"interval_ms":   wal.WithInterval(-time.Second, 0),
		"codec_level":   wal.WithCodec(wal.CodecZlib, 10),
		"sync":          wal.WithSync(17),
		"nonsense":      wal.With("nonsense", "1"),
		"file_mode":     wal.With("file_mode", "0999"),
	} {
		_, err := wal.Open(path, option)
		e := wants(t, err, wal.ErrInvalid)
		if !strings.Contains(e.Error(), name) {
			t.Fatalf("%q doesn't name %s", e, name)
		}
		equal(t, e.Path, path)
	}
	_, err := wal.Open(path, wal.WithLabel(strings.Repeat("x", 65)))
	wants(t, err, wal.ErrTooBig)
	_, err = wal.Open(path, wal.WithPreset(99))
	wants(t, err, wal.ErrInvalid)
	_, err = wal.Open(path, wal.WithBackground(false), wal.WithInterval(time.Second, 0))
	wants(t, err, wal.ErrInvalid)
}

func TestNoBackground(t *testing.T) {
	log := newLog(t, wal.WithBackground(false))
	must(log.AppendAsync(background, []byte("x")))(t)
	check(t, log.Wait(cancellable(t), 1))
	must(log.Append(cancellable(t), []byte("y")))(t)
	holds(t, log, 1, "x", "y")
}
