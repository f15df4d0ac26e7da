// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestInfo(t *testing.T) {
	log := newLog(t, wal.WithLabel("a label"))
	equal(t, log.Recovery().Verdict, wal.VerdictNew)
	fill(t, log, 3)
	check(t, log.Close())
	log = open(t, log.Path())
	defer log.Close()
	r := log.Recovery()
	equal(t, r.Verdict, wal.VerdictClean)
	equal(t, r.Verdict.String(), "clean")
	equal(t, r.LastLSN, 3)
	equal(t, r.Segments, 1)
	i := must(log.Info())(t)
	equal(t, i.Label, "a label")
	equal(t, i.Clean, true)
	if i.UUID == [16]byte{} {
		t.Fatal("no UUID")
	}
	reader := open(t, log.Path(), wal.WithReadOnly())
	defer reader.Close()
	other := must(reader.Info())(t)
	equal(t, other.UUID, i.UUID)
	equal(t, other.ReadOnly, true)
	if log.DiskBytes() < 8192 || wal.Version() == "" {
		t.Fatal(log.DiskBytes(), wal.Version())
	}
}

func TestSegments(t *testing.T) {
	log := segmented(t, 20)
	all := must(log.Segments())(t)
	equal(t, len(all), 21)
	for i, s := range all {
		equal(t, s.Number, uint64(i+1))
		equal(t, s.FirstLSN, wal.LSN(10*i+1))
		equal(t, s.Sealed, i < 20)
		equal(t, s.Active, i == 20)
		if age := time.Since(s.Created); age < 0 || age > time.Hour {
			t.Fatal(s.Created)
		}
	}
	equal(t, all[0].Records, 10)
	equal(t, all[20].LastLSN, 200)
}

func TestStats(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	must(log.Get(1, nil))(t)
	s := must(log.Stats())(t)
	equal(t, s.AppendRecords, 3)
	if s.Syncs == 0 || s.SyncTime <= 0 || s.WrittenBytes == 0 || s.RecoveryTime <= 0 {
		t.Fatal(s)
	}
	named := must(log.StatsByName())(t)
	equal(t, named["append_records"], 3)
	if len(named) < 21 {
		t.Fatal(named)
	}
	for _, kind := range []wal.HistogramKind{
		wal.HistogramAppend, wal.HistogramSync, wal.HistogramGroupRecords,
		wal.HistogramGroupBytes, wal.HistogramRead,
	} {
		var sum uint64
		for _, count := range must(log.Histogram(kind))(t) {
			sum += count
		}
		if sum == 0 {
			t.Fatal(kind)
		}
	}
	_, err := log.Histogram(77)
	wants(t, err, wal.ErrInvalid)
}

func TestEvents(t *testing.T) {
	log := newLog(t, wal.WithEventRing(4))
	s := must(log.Subscribe(wal.EventRotated | wal.EventTruncated))(t)
	defer s.Close()
	ctx, cancel := context.WithTimeout(background, limit)
	defer cancel()
	next := at(func() wal.Event { return must(s.Next(ctx))(t) })
	soon()
	fill(t, log, 3)
	check(t, log.Rotate())
	e := ends(t, next)
	equal(t, e.Kind, wal.EventRotated)
	equal(t, e.Segment, 2)
	equal(t, e.LSN, 4)
	if age := time.Since(e.Time); age < 0 || age > time.Hour {
		t.Fatal(e.Time)
	}
	check(t, log.TruncateAfter(2))
	equal(t, must(s.Next(ctx))(t).Kind, wal.EventTruncated)
	for range 10 {
		fill(t, log, 1)
		check(t, log.Rotate())
	}
	equal(t, must(s.Next(ctx))(t).Dropped, 6)
	check(t, log.Close())
	for range 3 {
		must(s.Next(ctx))(t)
	}
	_, err := s.Next(ctx)
	wants(t, err, wal.ErrClosed)
}

func TestSubscriptionEnds(t *testing.T) {
	log := newLog(t)
	_, err := log.Subscribe(0)
	wants(t, err, wal.ErrInvalid)
	s := must(log.Subscribe(wal.EventDurable))(t)
	ctx, cancel := context.WithTimeout(background, 5*time.Millisecond)
	defer cancel()
	_, err = s.Next(ctx)
	equal(t, err, context.DeadlineExceeded)
	fill(t, log, 1)
	equal(t, must(s.Next(background))(t).LSN, 1) // a context's end is no end of the subscription
	next := at(func() error { _, err := s.Next(background); return err })
	soon()
	check(t, s.Close())
	wants(t, ends(t, next), wal.ErrClosed)
	wants(t, s.Close(), wal.ErrClosed)
	_, err = s.Next(background)
	wants(t, err, wal.ErrClosed)
}

func TestLogger(t *testing.T) {
	var out syncBuffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})
	log := newLog(t, wal.WithLogger(slog.New(handler)), wal.WithSlowSync(time.Nanosecond*1000))
	fill(t, log, 3)
	check(t, log.Rotate())
	check(t, log.TruncateAfter(1))
	check(t, log.Close())
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for _, want := range []string{
		`level=INFO msg="wal: opened" path=` + log.Path() + ` verdict=new`,
		`level=INFO msg="wal: a new segment" path=` + log.Path() + ` event=rotated lsn=4 segment=2`,
		`level=DEBUG msg="wal: a segment is complete"`,
		`level=INFO msg="wal: cut"`,
	} {
		if !slices.ContainsFunc(lines, func(s string) bool { return strings.Contains(s, want) }) {
			t.Fatalf("nothing says %s in:\n%s", want, out.String())
		}
	}
}

func TestLoggerOfFailures(t *testing.T) {
	var out syncBuffer
	log := newLog(t, wal.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
	fill(t, log, 1)
	breakSync(t, log.Path())
	_, err := log.Append(background, nil)
	wants(t, err, wal.ErrInDoubt)
	log.Close()
	if !strings.Contains(out.String(), `level=ERROR msg="wal: the log has failed"`) ||
		!strings.Contains(out.String(), "code=WAL_E_IO") {
		t.Fatal(out.String())
	}
	_, err = wal.Open(newPath(t), wal.WithReadOnly(), wal.WithLogger(slog.Default()))
	if !errors.Is(err, wal.ErrNotFound) {
		t.Fatal(err)
	}
}

func TestKindsHaveNames(t *testing.T) {
	names := make(map[string]bool)
	for bit := wal.EventKind(1); bit <= wal.EventAll; bit <<= 1 {
		if bit&wal.EventAll != 0 {
			names[bit.String()] = true
		}
	}
	equal(t, len(names), 10)
	equal(t, wal.EventKind(1<<30).String(), "EventKind(1073741824)")
	for v := wal.VerdictNew; v <= wal.VerdictDamaged; v++ {
		names[v.String()] = true
	}
	equal(t, len(names), 15)
	equal(t, wal.Verdict(9).String(), "Verdict(9)")
}
