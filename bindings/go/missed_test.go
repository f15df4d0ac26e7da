// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// What happens before a goroutine begins to wait for it, when it has already decided to, mustn't be
// missed. From outside that is a matter of luck, so these tests are inside of the package.

const missedLimit = 20 * time.Second

func insideLog(t *testing.T, options ...Option) *Log {
	t.Helper()
	log, err := Open(filepath.Join(t.TempDir(), "log"), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

// A record's trouble comes between its being submitted and its submitter's beginning to wait: who
// waits finds out by a sync.
func TestTroubleBeforeTheWait(t *testing.T) {
	log := insideLog(t, WithSync(SyncNone))
	lsn, err := log.AppendAsync(context.Background(), []byte("x"))
	if err != nil || !log.enter() {
		t.Fatal(err)
	}
	defer log.leave()
	s := &log.watch.submitted
	troubles := s.troubles.Load()
	s.trouble()
	ctx, cancel := context.WithTimeout(context.Background(), missedLimit)
	defer cancel()
	if err := s.wait(ctx, log, lsn, troubles); err != nil {
		t.Fatal(err)
	}
	if r, err := log.Range(); err != nil || r.Durable != lsn {
		t.Fatal(r, err)
	}
}

// An event comes between two waits for events: the next look finds it, and tells at once.
func TestEventBeforeTheWait(t *testing.T) {
	log := insideLog(t)
	q, err := newQueue(log, watched)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Append(context.Background(), []byte("x")); err != nil {
		t.Fatal(err)
	}
	w := &watch{changed: make(chan struct{}), done: make(chan struct{})}
	changed := w.changed
	go w.run(q)
	select {
	case <-changed:
	case <-time.After(missedLimit):
		t.Error("the event is missed")
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	w.wait()
}
