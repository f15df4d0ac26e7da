package wal_test

import (
	"context"
	"sync"
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

// Records that somebody waits for are durable before a truncation takes them away.
func TestWaitAndTruncate(t *testing.T) {
	log := newLog(t)
	var all sync.WaitGroup
	for range 8 {
		all.Add(1)
		go func() {
			defer all.Done()
			for range 50 {
				if _, err := log.Append(cancellable(t), []byte("x")); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for range 20 {
		check(t, log.TruncateAfter(0))
	}
	all.Wait()
}
