// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"log/slog"
	"time"
)

// logged are the kinds of events that a logger is told: not those that come with every sync.
const logged = EventAll &^ (EventSynced | EventDurable)

// startLogging says that the log is open, and passes on its events until it is closed.
func (l *Log) startLogging() error {
	if l.logger == nil {
		return nil
	}
	r := l.Recovery()
	level := slog.LevelInfo
	if r.Verdict == VerdictTorn || r.Verdict == VerdictAmbiguous {
		level = slog.LevelWarn
	}
	l.logger.Log(context.Background(), level, "wal: opened", "path", l.path,
		"verdict", r.Verdict.String(), "lsn", r.LastLSN, "discarded_bytes", r.DiscardedBytes,
		"duration", r.Duration)
	kinds := logged
	if l.readOnly {
		kinds = EventCorrupt
	}
	q, err := newQueue(l, kinds)
	if err != nil {
		return err
	}
	l.logging = make(chan struct{})
	go logEvents(q, l.logger, l.logging)
	return nil
}

func logEvents(q *queue, logger *slog.Logger, done chan<- struct{}) {
	defer close(done)
	defer q.free()
	for {
		event, err := q.next()
		if err != nil {
			return // the log is closed
		}
		if event.Dropped > 0 {
			logger.Warn("wal: events were lost", "path", q.path, "events", event.Dropped)
		}
		logEvent(logger, q.path, event)
	}
}

var eventTexts = map[EventKind]struct {
	level slog.Level
	text  string
}{
	EventRotated:    {slog.LevelInfo, "wal: a new segment"},
	EventPersisted:  {slog.LevelDebug, "wal: a segment is complete"},
	EventRemoved:    {slog.LevelInfo, "wal: a segment was removed"},
	EventTruncated:  {slog.LevelInfo, "wal: cut"},
	EventFailed:     {slog.LevelError, "wal: the log has failed"},
	EventCorrupt:    {slog.LevelError, "wal: damage"},
	EventSlowSync:   {slog.LevelWarn, "wal: a slow sync"},
	EventWriteError: {slog.LevelWarn, "wal: records could not be written"},
}

// logEvent writes one event, with those of its fields that say something.
func logEvent(logger *slog.Logger, path string, e Event) {
	is := eventTexts[e.Kind]
	r := slog.NewRecord(e.Time, is.level, is.text, 0)
	r.AddAttrs(slog.String("path", path), slog.String("event", e.Kind.String()))
	numbers := []struct {
		name  string
		value uint64
	}{{"lsn", uint64(e.LSN)}, {"segment", e.Segment}, {"bytes", e.Bytes}}
	for _, n := range numbers {
		if n.value > 0 {
			r.AddAttrs(slog.Uint64(n.name, n.value))
		}
	}
	if e.Duration > time.Duration(0) {
		r.AddAttrs(slog.Duration("duration", e.Duration))
	}
	if e.Code != 0 {
		r.AddAttrs(slog.String("code", e.Code.Name()))
	}
	if logger.Enabled(context.Background(), is.level) {
		_ = logger.Handler().Handle(context.Background(), r)
	}
}
