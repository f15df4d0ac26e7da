// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

// A read-only log follows a writer in another process.
func TestFollowAnotherProcess(t *testing.T) {
	path := newPath(t)
	writer := startChild(t, "ticker", path)
	equal(t, writer.ask(t, "3"), "3")
	log := open(t, path, wal.WithReadOnly())
	defer log.Close()
	ctx, cancel := context.WithTimeout(background, limit)
	defer cancel()

	waited := at(func() error { return log.Wait(ctx, 30) })
	next := wal.LSN(1)
	for record, err := range log.Tail(ctx, 0) {
		check(t, err)
		equal(t, record.LSN, next)
		equal(t, string(record.Data), string(payload(int(next))))
		if next%3 == 0 && next < 30 {
			equal(t, writer.ask(t, "3"), strconv.Itoa(int(next)+3))
		}
		if next++; next > 30 {
			break
		}
	}
	check(t, ends(t, waited))
	equal(t, must(log.Range())(t), wal.Range{First: 1, Last: 30, Next: 31, Durable: 30})
	check(t, log.Copy(background, newPath(t), nil))
	must(wal.Verify(background, path, nil))(t)
	held, pid, err := wal.LockHolder(path)
	check(t, err)
	equal(t, held, true)
	equal(t, pid, writer.command.Process.Pid)

	r := must(log.NewReader(5))(t)
	defer r.Close()
	writer.ask(t, "truncate")
	until(t, "the reader is told", func() bool {
		_, err := r.Next()
		if err != nil {
			wants(t, err, wal.ErrTrimmed)
		}
		return err != nil
	})
	equal(t, must(log.Range())(t).First, 31)
}

func TestFollowWithoutAThread(t *testing.T) {
	path := newPath(t)
	writer := startChild(t, "ticker", path)
	equal(t, writer.ask(t, "1"), "1")
	log := open(t, path, wal.WithReadOnly())
	defer log.Close()
	before := threads()
	ctx, cancel := context.WithCancel(background)
	var waits []<-chan error
	for range 200 {
		waits = append(waits, at(func() error {
			_, err := collect(log.Tail(ctx, 2))
			return err
		}), at(func() error { return log.Wait(ctx, 100) }))
	}
	time.Sleep(100 * time.Millisecond)
	if now := threads(); now > before+8 {
		t.Errorf("%d threads, %d before", now, before)
	}
	cancel()
	for _, wait := range waits {
		equal(t, ends(t, wait), context.Canceled)
	}
}
