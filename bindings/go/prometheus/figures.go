// SPDX-License-Identifier: Apache-2.0

package walprom

import (
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

// A look is all of a log's figures, before any of them is given away.
type look struct {
	places                 wal.Range
	segments               []wal.Segment
	info                   wal.Info
	recovery               wal.Recovery
	stats                  wal.Stats
	metadata               int
	bytes                  uint64
	failed                 bool
	appends, syncs, groups [64]uint64
}

func lookAt(log *wal.Log) (*look, error) {
	l := &look{recovery: log.Recovery(), bytes: log.DiskBytes(), failed: log.Failure() != nil}
	for _, step := range []func() error{
		func() (err error) { l.places, err = log.Range(); return },
		func() (err error) { l.segments, err = log.Segments(); return },
		func() (err error) { l.info, err = log.Info(); return },
		func() (err error) { l.stats, err = log.Stats(); return },
		func() (err error) { l.appends, err = log.Histogram(wal.HistogramAppend); return },
		func() (err error) { l.syncs, err = log.Histogram(wal.HistogramSync); return },
		func() (err error) { l.groups, err = log.Histogram(wal.HistogramGroupRecords); return },
		func() error {
			all, err := log.Meta().All()
			l.metadata = len(all)
			return err
		},
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// A description makes a figure.
type description struct {
	name, help string
	value      func(l *look) (float64, bool)
}

// always is for what each log has, known for LSNs: 0 means none.
func always[T uint32 | uint64 | int](f func(l *look) T) func(*look) (float64, bool) {
	return func(l *look) (float64, bool) { return float64(f(l)), true }
}

func known(f func(l *look) wal.LSN) func(*look) (float64, bool) {
	return func(l *look) (float64, bool) {
		lsn := f(l)
		return float64(lsn), lsn > 0
	}
}

// created tells of the oldest segment (0) or the newest (1).
func created(end int) func(*look) (float64, bool) {
	return func(l *look) (float64, bool) {
		if len(l.segments) == 0 {
			return 0, false
		}
		return float64(l.segments[end*(len(l.segments)-1)].Created.Unix()), true
	}
}

func firstLSN(l *look) wal.LSN {
	if l.places.Last == 0 {
		return 0
	}
	return l.places.First
}

func checkpointLSN(l *look) (newest wal.LSN) {
	for _, s := range l.segments {
		if s.CheckpointLSN > 0 {
			newest = s.CheckpointLSN
		}
	}
	return newest
}

func usedBytes(l *look) (sum uint64) {
	for _, s := range l.segments {
		sum += s.Bytes
	}
	return sum
}

func failed(l *look) int {
	if l.failed {
		return 1
	}
	return 0
}

func seconds(f func(l *look) time.Duration) func(*look) (float64, bool) {
	return func(l *look) (float64, bool) { return f(l).Seconds(), true }
}

var gauges = []description{
	{"records", "Records in the log.",
		always(func(l *look) uint64 { return uint64(l.places.Next - l.places.First) })},
	{"first_lsn", "The smallest LSN in the log.", known(firstLSN)},
	{"last_lsn", "The largest LSN in the log.",
		known(func(l *look) wal.LSN { return l.places.Last })},
	{"next_lsn", "The LSN that the next record gets.",
		known(func(l *look) wal.LSN { return l.places.Next })},
	{"durable_lsn", "Records up to this LSN are durable.",
		known(func(l *look) wal.LSN { return l.places.Durable })},
	{"checkpoint_lsn", "LSN of the newest checkpoint.", known(checkpointLSN)},
	{"segments", "Segment files.", always(func(l *look) int { return len(l.segments) })},
	{"storage_size_bytes", "What the files take on the disk.",
		always(func(l *look) uint64 { return l.bytes })},
	{"used_bytes", "Bytes in use in the segments.", always(usedBytes)},
	{"oldest_segment_created_timestamp_seconds", "When the oldest segment was made.", created(0)},
	{"newest_segment_created_timestamp_seconds", "When the newest segment was made.", created(1)},
	{"epoch", "How many opens have written to the log.",
		always(func(l *look) uint64 { return l.info.Epoch })},
	{"metadata_keys", "Keys of the log's metadata.",
		always(func(l *look) int { return l.metadata })},
	{"stray_files", "Files that mean nothing to the log.",
		always(func(l *look) uint32 { return l.info.Strays })},
	{"failed", "1 when the log has failed, and has to be opened again.", always(failed)},
	{"recovery_header_repairs", "Segment headers of which one of two copies is damaged.",
		always(func(l *look) uint64 { return l.recovery.HeaderRepairs })},
	{"recovery_duration_seconds", "How long opening the log took.",
		seconds(func(l *look) time.Duration { return l.recovery.Duration })},
	{"pending_bytes", "Bytes that are buffered and not yet written.",
		always(func(l *look) uint64 { return l.stats.PendingBytes })},
	{"index_bytes", "Memory of the index.",
		always(func(l *look) uint64 { return l.stats.IndexBytes })},
	{"pinned_bytes", "Bytes that retention would remove but for readers' pins.",
		always(func(l *look) uint64 { return l.stats.PinnedBytes })},
}

var counters = []description{
	{"recovery_discarded_bytes_total",
		"Bytes at the log's end that a crash left and that don't count.",
		always(func(l *look) uint64 { return l.stats.DiscardedBytes })},
	{"append_records_total", "Records appended.",
		always(func(l *look) uint64 { return l.stats.AppendRecords })},
	{"append_bytes_total", "Bytes of their payloads.",
		always(func(l *look) uint64 { return l.stats.AppendBytes })},
	{"commit_groups_total", "Groups of records that were committed together.",
		always(func(l *look) uint64 { return l.stats.Groups })},
	{"fsync_total", "Syncs.", always(func(l *look) uint64 { return l.stats.Syncs })},
	{"write_calls_total", "Write calls for groups.",
		always(func(l *look) uint64 { return l.stats.Writes })},
	{"written_bytes_total", "Bytes written, with headers and padding.",
		always(func(l *look) uint64 { return l.stats.WrittenBytes })},
	{"segment_rotations_total", "New segments behind full ones.",
		always(func(l *look) uint64 { return l.stats.Rotations })},
	{"removed_segments_total", "Segments that left the log.",
		always(func(l *look) uint64 { return l.stats.RemovedSegments })},
	{"corruptions_total", "Damage met while reading.",
		always(func(l *look) uint64 { return l.stats.Corruptions })},
	{"write_errors_total", "Writes that failed.",
		always(func(l *look) uint64 { return l.stats.WriteErrors })},
	{"broken_pins_total", "Pins of readers that were broken.",
		always(func(l *look) uint64 { return l.stats.BrokenPins })},
}
