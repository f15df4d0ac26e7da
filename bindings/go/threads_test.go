// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

// Ten thousand goroutines that append are not ten thousand threads; half of them may be cancelled.
func TestManyGoroutines(t *testing.T) {
	const goroutines, rounds = 10_000, 3
	log := open(t, filepath.Join(t.TempDir(), "log"))
	defer log.Close()
	ctx, cancel := context.WithCancel(background)
	defer cancel()
	var all, ready sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(goroutines)
	for i := range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			ready.Done()
			<-begin
			for range rounds {
				ctx := ctx
				if i%2 == 0 {
					ctx = background
				}
				lsn, err := log.Append(ctx, payload(i%100))
				if err != nil {
					t.Error(err)
					return
				}
				if r, err := log.Range(); err != nil || r.Durable < lsn {
					t.Errorf("%d isn't durable: %v, %v", lsn, r, err)
				}
			}
		}()
	}
	ready.Wait()
	close(begin)
	all.Wait()
	equal(t, must(log.Range())(t).Durable, goroutines*rounds)
	if now := threads(); now > mostThreads {
		t.Errorf("%d threads", now)
	}
	s := must(log.Stats())(t)
	t.Logf("%d records, %d syncs, %d threads", s.AppendRecords, s.Syncs, threads())
}

// What a log had of threads and goroutines goes with it.
func TestClosedLogsLeaveNothing(t *testing.T) {
	live := func() {
		log := open(t, newPath(t))
		var appends []<-chan error
		for _, ctx := range []context.Context{background, cancellable(t), background} {
			appends = append(appends, at(func() error {
				_, err := log.Append(ctx, []byte("x"))
				return err
			}))
		}
		check(t, log.Wait(background, 3))
		for _, done := range appends {
			check(t, ends(t, done))
		}
		check(t, log.Close())
	}
	for range 5 {
		live()
	}
	threadsBefore, goroutinesBefore := threads(), runtime.NumGoroutine()
	const logs = 60
	for range logs {
		live()
	}
	if now := threads(); now > threadsBefore+logs/4 {
		t.Errorf("%d threads, then %d", threadsBefore, now)
	}
	if now := runtime.NumGoroutine(); now > goroutinesBefore+logs/4 {
		t.Errorf("%d goroutines, then %d", goroutinesBefore, now)
	}
}

// Cancelled callers leave at once; what they had appended stays.
func TestManyCancelled(t *testing.T) {
	log := newLog(t)
	ctx, cancel := context.WithCancel(background)
	var all sync.WaitGroup
	var mu sync.Mutex
	appended := make(map[wal.LSN]bool)
	for range 500 {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				lsn, err := log.Append(ctx, []byte("x"))
				if lsn > 0 {
					mu.Lock()
					appended[lsn] = true
					mu.Unlock()
				}
				if err != nil {
					if err != context.Canceled {
						t.Error(err)
					}
					return
				}
			}
		}()
	}
	soon()
	cancel()
	all.Wait()
	check(t, log.Sync(background))
	r := must(log.Range())(t)
	equal(t, int(r.Last), len(appended))
	equal(t, r.Durable, r.Last)
}
