// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

func TestWaitAhead(t *testing.T) {
	for _, flags := range []wal.AppendFlags{wal.FlagSync, wal.FlagAsync} {
		log := newLog(t)
		done := at(func() error { return log.Wait(background, 2) })
		soon()
		must(log.AppendTyped(background, 0, nil, flags))(t)
		soon()
		select {
		case err := <-done:
			t.Fatal("LSN 2 isn't there: ", err)
		default:
		}
		must(log.AppendTyped(background, 0, nil, flags))(t)
		check(t, ends(t, done))
		equal(t, must(log.Range())(t).Durable, 2)
	}
}

func TestWaitForTheInterval(t *testing.T) {
	log := newLog(t, wal.WithInterval(5*time.Millisecond, 0))
	lsn := must(log.Append(background, []byte("x")))(t)
	check(t, log.Wait(background, lsn))
	equal(t, must(log.Range())(t).Durable, lsn)
}

func TestWaitDrivesTheSync(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	lsn := must(log.Append(background, []byte("x")))(t)
	check(t, log.Wait(cancellable(t), lsn))
	equal(t, must(log.Range())(t).Durable, lsn)
	wants(t, log.Wait(background, 0), wal.ErrInvalid)
}

func TestWaitTimeout(t *testing.T) {
	log := newLog(t)
	ctx, cancel := context.WithTimeout(background, time.Millisecond)
	defer cancel()
	equal(t, log.Wait(ctx, 1), context.DeadlineExceeded)
}

func TestSync(t *testing.T) {
	log := newLog(t, wal.WithSync(wal.SyncNone))
	check(t, log.Sync(background)) // an empty one
	for _, ctx := range []context.Context{background, cancellable(t)} {
		lsn := must(log.Append(background, []byte("x")))(t)
		check(t, log.Sync(ctx))
		equal(t, must(log.Range())(t).Durable, lsn)
	}
}

// Records that somebody waits for are durable before a truncation takes them away, and whoever
// waits gets his answer, by whichever way.
func TestWaitAndTruncate(t *testing.T) {
	log := newLog(t)
	var all sync.WaitGroup
	var left atomic.Int64
	for i := range 12 {
		all.Add(1)
		left.Add(1)
		ctx := background
		if i%2 == 0 {
			ctx = cancellable(t)
		}
		go func() {
			defer all.Done()
			defer left.Add(-1)
			for range 200 {
				lsn, err := log.AppendAsync(ctx, []byte("x"))
				if err == nil && i%3 == 0 {
					err = log.Sync(ctx)
				} else if err == nil {
					lsn, err = log.Append(ctx, []byte("y"))
				}
				if err != nil || lsn == 0 {
					t.Error(lsn, err)
				}
			}
		}()
	}
	for left.Load() > 0 {
		check(t, log.TruncateAfter(0))
		time.Sleep(100 * time.Microsecond)
	}
	all.Wait()
}
