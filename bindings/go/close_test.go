// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestAllIsClosed(t *testing.T) {
	log := newLog(t)
	fill(t, log, 3)
	reader, batch := must(log.NewReader(0))(t), must(log.NewBatch())(t)
	must(reader.Next())(t)
	check(t, batch.Append(nil))
	check(t, log.Close())
	m := log.Meta()
	calls := []func() error{
		log.Close,
		log.Flush,
		log.Rotate,
		func() error { return log.Sync(background) },
		func() error { return log.Wait(background, 1) },
		func() error { return log.Checkpoint(1, nil) },
		func() error { return log.TruncateAfter(1) },
		func() error { return log.TruncateBefore(1) },
		func() error { return log.Reset(1) },
		func() error { return log.Copy(background, newPath(t), nil) },
		func() error { return m.Set("k", nil) },
		func() error { return m.Delete("k") },
		func() error { return reader.Wait(background) },
		func() error { return batch.Append(nil) },
		failing(log.Append(background, nil)),
		failing(log.AppendAsync(background, nil)),
		failing(log.AppendBatch(background, [][]byte{nil})),
		failing(log.ReplaceAfter(1, nil)),
		failing(log.Get(1, nil)),
		failing(log.NewReader(0)),
		failing(log.NewBatch()),
		failing(log.Subscribe(wal.EventAll)),
		failing(log.Range()),
		failing(log.Info()),
		failing(log.Segments()),
		failing(log.Stats()),
		failing(log.StatsByName()),
		failing(log.Histogram(wal.HistogramSync)),
		failing(log.LastTag()),
		failing(log.Drain(func(wal.Segment) (bool, error) { return true, nil })),
		failing(m.Get("k")),
		failing(m.All()),
		failing(reader.Next()),
		failing(collect(log.Records(background, 0))),
		failing(collect(log.Tail(background, 0))),
		failing(collect(log.Replay(background))),
	}
	for i, call := range calls {
		if err := call(); !errors.Is(err, wal.ErrClosed) {
			t.Errorf("call %d: %v", i, err)
		}
	}
	_, _, err := batch.Commit(background, 0)
	wants(t, err, wal.ErrClosed)
	equal(t, log.DiskBytes(), 0)
	equal(t, log.Failure(), nil)
	equal(t, log.Recovery(), wal.Recovery{})
	check(t, reader.Close())
	check(t, batch.Close())
	wants(t, reader.Close(), wal.ErrClosed)
	wants(t, batch.Close(), wal.ErrClosed)
	wants(t, batch.Append(nil), wal.ErrClosed)
	equal(t, batch.Count()+batch.Bytes(), 0)
	equal(t, reader.Position(), 0)
}

func failing[T any](_ T, err error) func() error { return func() error { return err } }

// Whoever waits in Go is woken, and nothing is called on a log behind its close.
func TestCloseWithWaiters(t *testing.T) {
	log := newLog(t)
	fill(t, log, 1)
	s := must(log.Subscribe(wal.EventFailed))(t)
	defer s.Close()
	r := must(log.NewReader(2))(t)
	defer r.Close()
	waits := []<-chan error{
		at(func() error { return log.Wait(background, 9) }),
		at(func() error { return r.Wait(background) }),
		at(func() error { _, err := s.Next(background); return err }),
		at(func() error { _, err := collect(log.Tail(background, 1)); return err }),
		at(func() error { _, err := collect(log.Tail(background, 1, wal.Written)); return err }),
	}
	soon()
	check(t, log.Close())
	for _, wait := range waits {
		wants(t, ends(t, wait), wal.ErrClosed)
	}
}

func TestCloseUnderLoad(t *testing.T) {
	for range 20 {
		log := newLog(t)
		var all sync.WaitGroup
		var acknowledged atomic.Int64
		for i := range 100 {
			all.Add(1)
			go func() {
				defer all.Done()
				ctx := background
				if i%2 == 0 {
					ctx = cancellable(t)
				}
				for {
					lsn, err := log.Append(ctx, payload(i))
					if err != nil {
						if !errors.Is(err, wal.ErrClosed) {
							t.Error(err)
						}
						return
					}
					acknowledged.Add(1)
					_, _ = log.Get(lsn, nil)
					_, _ = log.Stats()
				}
			}()
		}
		until(t, "they append", func() bool { return acknowledged.Load() > 100 })
		check(t, log.Close())
		all.Wait()
		again := open(t, log.Path(), wal.WithStrict())
		r := must(again.Range())(t)
		if int64(r.Last) < acknowledged.Load() {
			t.Fatal(r.Last, acknowledged.Load())
		}
		check(t, again.Close())
	}
}

// What is lost is told, not closed.
func TestLeaksAreTold(t *testing.T) {
	loser := startChild(t, "loser", newPath(t))
	said := must(io.ReadAll(loser.stdout))(t)
	check(t, loser.command.Wait())
	for _, what := range []string{"log", "reader", "batch", "subscription"} {
		if !strings.Contains(string(said), what+" was lost") {
			t.Fatalf("%s: %q", what, said)
		}
	}
}

// loseAll runs in a process of its own, which has what it loses to its end.
func loseAll(path string) {
	var out syncBuffer
	for _, name := range []string{"open", "lost"} {
		logger := wal.WithLogger(slog.New(slog.NewTextHandler(&out, nil)))
		log, err := wal.Open(path+name, logger)
		if err != nil {
			panic(err)
		}
		if name == "lost" {
			ctx, cancel := context.WithCancel(background)
			if _, err := log.Append(ctx, nil); err != nil {
				panic(err)
			}
			cancel()
			break
		}
		defer log.Close()
		_, err1 := log.NewReader(0)
		_, err2 := log.NewBatch()
		_, err3 := log.Subscribe(wal.EventAll)
		if err := errors.Join(err1, err2, err3); err != nil {
			panic(err)
		}
	}
	for strings.Count(out.String(), "was lost") < 4 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	fmt.Print(out.String())
}

// syncBuffer is a buffer for handlers and tests at the same time.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
