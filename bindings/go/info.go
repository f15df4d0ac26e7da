// SPDX-License-Identifier: Apache-2.0

package wal

// #include "shim.h"
import "C"

import (
	"strconv"
	"time"
	"unsafe"
)

// A Verdict is what was found at the end of a log, or in it.
type Verdict uint32

// The verdicts.
const (
	VerdictNew       Verdict = C.WAL_RECOVERY_NEW       // the log was made by this open
	VerdictClean     Verdict = C.WAL_RECOVERY_CLEAN     // nothing had to be given up
	VerdictTorn      Verdict = C.WAL_RECOVERY_TORN      // a write was cut short, and given up
	VerdictAmbiguous Verdict = C.WAL_RECOVERY_AMBIGUOUS // as that, or damage to the very last write
	VerdictDamaged   Verdict = C.WAL_RECOVERY_DAMAGED   // something durable is damaged (Verify)
)

// String gives the verdict as a word.
func (v Verdict) String() string {
	switch v {
	case VerdictNew:
		return "new"
	case VerdictClean:
		return "clean"
	case VerdictTorn:
		return "torn"
	case VerdictAmbiguous:
		return "ambiguous"
	case VerdictDamaged:
		return "damaged"
	}
	return "Verdict(" + strconv.FormatUint(uint64(v), 10) + ")"
}

// A Recovery is Open's report.
type Recovery struct {
	Verdict        Verdict
	FirstLSN       LSN // as Range gave them right after Open, and so the next three
	LastLSN        LSN
	NextLSN        LSN
	DurableLSN     LSN
	CheckpointLSN  LSN    // of the newest checkpoint, 0: none
	DiscardedBytes uint64 // not zero, and given up
	CarriedRecords uint64 // written again: nothing vouched for their being on the disk
	Segments       uint64 // found
	Duration       time.Duration
	CutSegment     uint64 // number of the segment that was cut, 0: none
	CutOffset      uint64 // bytes from its start
	HeaderRepairs  uint64 // segment headers of which one of two copies was damaged
}

// Recovery gives Open's report; a zero one when the log is closed.
func (l *Log) Recovery() Recovery {
	var r C.wal_recovery_t
	if _, err := l.call(func() C.gowal_result { return C.gowal_recovery(l.w, &r) }); err != nil {
		return Recovery{}
	}
	return Recovery{
		Verdict:        Verdict(r.verdict),
		FirstLSN:       LSN(r.first_lsn),
		LastLSN:        LSN(r.last_lsn),
		NextLSN:        LSN(r.next_lsn),
		DurableLSN:     LSN(r.durable_lsn),
		CheckpointLSN:  LSN(r.checkpoint_lsn),
		DiscardedBytes: uint64(r.discarded_bytes),
		CarriedRecords: uint64(r.carried_records),
		Segments:       uint64(r.segments),
		Duration:       time.Duration(r.duration_ns),
		CutSegment:     uint64(r.cut_segment),
		CutOffset:      uint64(r.cut_offset),
		HeaderRepairs:  uint64(r.header_repairs),
	}
}

// A Range is where a log begins and ends.
type Range struct {
	First   LSN // the smallest that is there; Next when the log is empty
	Last    LSN // the largest that is there; 0 when the log is empty
	Next    LSN // what the next record gets
	Durable LSN // every record up to it has survived a successful sync
}

// Range gives all four as of one moment; a read-only log looks anew. ErrClosed; errors of looking.
func (l *Log) Range() (Range, error) {
	var r [4]C.uint64_t
	if !l.enter() {
		return Range{}, l.closed()
	}
	defer l.leave()
	c := C.gowal_range(l.w, &r[0])
	if c.code < 0 {
		return Range{}, asError(&c, l.path)
	}
	return Range{LSN(r[0]), LSN(r[1]), LSN(r[2]), LSN(r[3])}, nil
}

// An Info tells of a log as a whole. What depends on the segment is that of the newest one.
type Info struct {
	UUID     [16]byte // made with the log
	Major    uint16   // of the format
	Minor    uint16
	Codec    Codec
	Cipher   uint32 // 0: none
	KeyID    uint32 // for the cipher
	Strays   uint32 // names in the directory that mean nothing to the log
	Epoch    uint64 // how many opens have written to the log
	Label    string
	Direct   bool // groups go past the page cache
	DSync    bool // it is written through O_DSYNC
	ReadOnly bool // this handle is
	Clean    bool // Open found it as a close had left it
}

// Info looks, and lists the directory. ErrIO, ErrClosed.
func (l *Log) Info() (Info, error) {
	var i C.wal_info_t
	if _, err := l.call(func() C.gowal_result { return C.gowal_info(l.w, &i) }); err != nil {
		return Info{}, err
	}
	label := C.GoStringN(&i.label[0], C.int(len(i.label)))
	for len(label) > 0 && label[len(label)-1] == 0 {
		label = label[:len(label)-1]
	}
	return Info{
		UUID:     *(*[16]byte)(unsafe.Pointer(&i.uuid)),
		Major:    uint16(i.major),
		Minor:    uint16(i.minor),
		Codec:    Codec(i.codec),
		Cipher:   uint32(i.cipher),
		KeyID:    uint32(i.key_id),
		Strays:   uint32(i.strays),
		Epoch:    uint64(i.epoch),
		Label:    label,
		Direct:   i.flags&C.WAL_INFO_DIRECT != 0,
		DSync:    i.flags&C.WAL_INFO_DSYNC != 0,
		ReadOnly: i.flags&C.WAL_INFO_READ_ONLY != 0,
		Clean:    i.flags&C.WAL_INFO_CLEAN != 0,
	}, nil
}

// A Segment is one file of a log.
type Segment struct {
	Number        uint64 // the file is this number in 20 digits and .wal
	Sealed        bool   // nothing is written to it any more
	Active        bool   // appends go here
	FirstLSN      LSN    // of its records that count
	LastLSN       LSN    // FirstLSN - 1 when it has none
	Bytes         uint64 // used
	Records       uint64 // that count
	Created       time.Time
	CheckpointLSN LSN // of the newest checkpoint that lies in it; 0: none is known of
}

func asSegment(s *C.wal_segment_t) Segment {
	return Segment{
		Number:        uint64(s.number),
		Sealed:        s.flags&C.WAL_SEGMENT_SEALED != 0,
		Active:        s.flags&C.WAL_SEGMENT_ACTIVE != 0,
		FirstLSN:      LSN(s.first_lsn),
		LastLSN:       LSN(s.last_lsn),
		Bytes:         uint64(s.bytes),
		Records:       uint64(s.records),
		Created:       time.Unix(0, int64(s.created_ns)),
		CheckpointLSN: LSN(s.checkpoint_lsn),
	}
}

// Segments lists the log's files, oldest first. ErrClosed; errors of reading their headers.
func (l *Log) Segments() ([]Segment, error) {
	for room := 16; ; {
		native := make([]C.wal_segment_t, room)
		r, err := l.call(func() C.gowal_result {
			return C.gowal_segments(l.w, &native[0], C.size_t(room))
		})
		if err != nil {
			return nil, err
		}
		if int(r.a) > room {
			room = int(r.a) + 16
			continue
		}
		segments := make([]Segment, r.a)
		for i := range segments {
			segments[i] = asSegment(&native[i])
		}
		return segments, nil
	}
}

// Stats counts since Open, but for those marked "now", which are present values.
type Stats struct {
	AppendRecords   uint64
	AppendBytes     uint64 // of payloads
	Syncs           uint64
	SyncTime        time.Duration
	Groups          uint64
	Writes          uint64 // write calls for groups
	WrittenBytes    uint64 // with headers, padding, zeros and everything
	Rotations       uint64
	RemovedSegments uint64
	TruncatedFront  uint64 // records
	TruncatedBack   uint64 // records
	Corruptions     uint64 // damage met while reading
	WriteErrors     uint64
	DiscardedBytes  uint64 // by recovery
	RecoveryTime    time.Duration
	PendingBytes    uint64 // now: buffered and unwritten
	IndexBytes      uint64 // now: memory of the index
	RawBytes        uint64 // group bodies before compression
	StoredBytes     uint64 // group bodies as written
	PinnedBytes     uint64 // now: retention would remove them but for pins
	BrokenPins      uint64
}

// Stats gives the log's counters. ErrClosed.
func (l *Log) Stats() (Stats, error) {
	v, err := l.stats(C.WAL_STAT_BROKEN_PINS + 1)
	if err != nil {
		return Stats{}, err
	}
	return Stats{
		AppendRecords:   v[C.WAL_STAT_APPEND_RECORDS],
		AppendBytes:     v[C.WAL_STAT_APPEND_BYTES],
		Syncs:           v[C.WAL_STAT_SYNCS],
		SyncTime:        time.Duration(v[C.WAL_STAT_SYNC_NS]),
		Groups:          v[C.WAL_STAT_GROUPS],
		Writes:          v[C.WAL_STAT_WRITES],
		WrittenBytes:    v[C.WAL_STAT_WRITTEN_BYTES],
		Rotations:       v[C.WAL_STAT_ROTATIONS],
		RemovedSegments: v[C.WAL_STAT_REMOVED_SEGMENTS],
		TruncatedFront:  v[C.WAL_STAT_TRUNCATED_FRONT],
		TruncatedBack:   v[C.WAL_STAT_TRUNCATED_BACK],
		Corruptions:     v[C.WAL_STAT_CORRUPTIONS],
		WriteErrors:     v[C.WAL_STAT_WRITE_ERRORS],
		DiscardedBytes:  v[C.WAL_STAT_DISCARDED_BYTES],
		RecoveryTime:    time.Duration(v[C.WAL_STAT_RECOVERY_NS]),
		PendingBytes:    v[C.WAL_STAT_PENDING_BYTES],
		IndexBytes:      v[C.WAL_STAT_INDEX_BYTES],
		RawBytes:        v[C.WAL_STAT_RAW_BYTES],
		StoredBytes:     v[C.WAL_STAT_STORED_BYTES],
		PinnedBytes:     v[C.WAL_STAT_PINNED_BYTES],
		BrokenPins:      v[C.WAL_STAT_BROKEN_PINS],
	}, nil
}

// StatsByName gives all that the library counts, under its names ("append_records"); times are in
// nanoseconds. ErrClosed.
func (l *Log) StatsByName() (map[string]uint64, error) {
	values, err := l.stats(int(C.wal_stat_count()))
	if err != nil {
		return nil, err
	}
	named := make(map[string]uint64, len(values))
	for i, value := range values {
		named[C.GoString(C.wal_stat_name(C.uint32_t(i)))] = value
	}
	return named, nil
}

func (l *Log) stats(n int) ([]uint64, error) {
	values := make([]uint64, n)
	_, err := l.call(func() C.gowal_result {
		return C.gowal_stats(l.w, (*C.uint64_t)(unsafe.SliceData(values)), C.uint32_t(n))
	})
	return values, err
}

// A HistogramKind is what a histogram counts.
type HistogramKind uint32

// The histograms.
const (
	HistogramAppend       HistogramKind = C.WAL_HIST_APPEND_NS     // ns inside appends and commits
	HistogramSync         HistogramKind = C.WAL_HIST_SYNC_NS       // ns of a sync
	HistogramGroupRecords HistogramKind = C.WAL_HIST_GROUP_RECORDS // records per group
	HistogramGroupBytes   HistogramKind = C.WAL_HIST_GROUP_BYTES   // bytes per group
	HistogramRead         HistogramKind = C.WAL_HIST_READ_NS       // ns inside Get
)

// Histogram gives 64 counts: i is that of values from 2^i to 2^(i+1) - 1, 0 also that of the value
// 0. ErrInvalid: no such histogram; ErrClosed.
func (l *Log) Histogram(kind HistogramKind) ([64]uint64, error) {
	var buckets [64]uint64
	_, err := l.call(func() C.gowal_result {
		return C.gowal_histogram(l.w, C.uint32_t(kind), (*C.uint64_t)(&buckets[0]))
	})
	return buckets, err
}

// DiskBytes gives what the log's files take on the disk; 0 when the log is closed.
func (l *Log) DiskBytes() uint64 {
	if !l.enter() {
		return 0
	}
	defer l.leave()
	return uint64(C.wal_disk_bytes(l.w))
}

// Failure gives what has made the log fail, as an *Error that never changes any more; nil while it
// is healthy, or closed.
func (l *Log) Failure() error {
	if !l.enter() {
		return nil
	}
	defer l.leave()
	r := C.gowal_failure(l.w)
	return asError(&r, l.path)
}
