// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

// damaged gives a log of 30 records in three segments, with one in the middle damaged.
func damaged(t *testing.T) string {
	log := segmented(t, 3)
	check(t, log.Close())
	corrupt(t, log.Path(), payload(15))
	return log.Path()
}

func TestVerify(t *testing.T) {
	log := segmented(t, 3)
	var done, total uint64
	progress := func(d, n uint64) error {
		if d < done {
			t.Errorf("%d after %d", d, done)
		}
		done, total = d, n
		return nil
	}
	v := must(wal.Verify(background, log.Path(), progress, wal.WithReadThreads(2)))(t)
	equal(t, v.Verdict, wal.VerdictClean)
	equal(t, v.Records, 30)
	equal(t, v.LastLSN, 30)
	if total == 0 || done != total {
		t.Fatal(done, total)
	}
	path := damaged(t)
	v, err := wal.Verify(background, path, nil)
	e := wants(t, err, wal.ErrCorrupt)
	equal(t, v.Verdict, wal.VerdictDamaged)
	equal(t, v.DamagedSegment, 2)
	equal(t, v.Gaps, 1)
	equal(t, e.Path, path)
}

func TestVerifyStops(t *testing.T) {
	log := segmented(t, 3)
	mine := errors.New("mine")
	_, err := wal.Verify(background, log.Path(), func(uint64, uint64) error { return mine })
	equal(t, err, mine)
	ctx, cancel := context.WithCancel(background)
	_, err = wal.Verify(ctx, log.Path(), func(uint64, uint64) error { cancel(); return nil })
	if err != nil {
		equal(t, err, context.Canceled)
	}
	defer func() { equal(t, recover(), any("panic")) }()
	_, _ = wal.Verify(background, log.Path(), func(uint64, uint64) error { panic("panic") })
}

func TestSalvage(t *testing.T) {
	path := damaged(t)
	var lsns []wal.LSN
	var gaps [][2]wal.LSN
	record := func(r wal.Record) error {
		equal(t, string(r.Data), string(payload(int(r.LSN))))
		lsns = append(lsns, r.LSN)
		return nil
	}
	gap := func(first, last wal.LSN) error {
		gaps = append(gaps, [2]wal.LSN{first, last})
		return nil
	}
	wants(t, wal.Salvage(background, path, record, gap), wal.ErrCorrupt)
	equal(t, len(gaps), 1)
	equal(t, gaps[0], [2]wal.LSN{15, 15})
	equal(t, len(lsns), 29)
	lsns = nil
	stop := func(r wal.Record) error {
		lsns = append(lsns, r.LSN)
		return fs.SkipAll
	}
	check(t, wal.Salvage(background, path, stop, nil))
	equal(t, len(lsns), 1)
	mine := errors.New("mine")
	equal(t, wal.Salvage(background, path, func(wal.Record) error { return mine }, nil), mine)
	ctx, cancel := context.WithCancel(background)
	cancelling := func(wal.Record) error { cancel(); return nil }
	equal(t, wal.Salvage(ctx, path, cancelling, nil), context.Canceled)
}

func TestRepair(t *testing.T) {
	path := damaged(t)
	_, err := wal.Repair(path, 0)
	wants(t, err, wal.ErrInvalid)
	_, err = wal.Repair(path, wal.RepairDryRun)
	wants(t, err, wal.ErrCorrupt)
	v := must(wal.Repair(path, wal.RepairCutAtDamage))(t)
	equal(t, v.LastLSN, 10) // the damaged batch had ten records
	log := open(t, path)
	defer log.Close()
	equal(t, must(log.Range())(t).Last, 10)
	_, err = wal.Repair(path, wal.RepairCutAtDamage)
	wants(t, err, wal.ErrLocked)
}

func TestCopy(t *testing.T) {
	log := newLog(t)
	fill(t, log, 20)
	dest := newPath(t)
	called := 0
	check(t, log.Copy(background, dest, func(done, total uint64) error {
		called++
		_, err := log.Append(background, nil)
		wants(t, err, wal.ErrBusy)
		wants(t, log.Close(), wal.ErrBusy)
		return nil
	}))
	if called == 0 {
		t.Fatal("no progress")
	}
	wants(t, log.Copy(background, dest, nil), wal.ErrExists)
	copied := open(t, dest)
	equal(t, must(copied.Range())(t).Last, 20)
	check(t, copied.Close())
	mine := errors.New("mine")
	dest = newPath(t)
	equal(t, log.Copy(background, dest, func(_, _ uint64) error { return mine }), mine)
	_, err := wal.Open(dest, wal.WithCreate(false))
	wants(t, err, wal.ErrNotFound)
}

func TestDestroy(t *testing.T) {
	log := newLog(t)
	fill(t, log, 1)
	check(t, log.Close())
	check(t, wal.Destroy(log.Path()))
	if _, err := os.Stat(log.Path()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	wants(t, wal.Destroy(log.Path()), wal.ErrNotFound)
}

func TestLock(t *testing.T) {
	path := newPath(t)
	_, err := wal.AcquireLock(path)
	wants(t, err, wal.ErrNotFound)
	check(t, os.Mkdir(path, 0o700))
	held, _, err := wal.LockHolder(path)
	check(t, err)
	equal(t, held, false)
	lock := must(wal.AcquireLock(path))(t)
	held, _, err = wal.LockHolder(path)
	check(t, err)
	equal(t, held, true)
	_, err = wal.Open(path)
	wants(t, err, wal.ErrLocked)
	for range 2 {
		log := open(t, path, wal.WithLock(lock))
		fill(t, log, 1)
		wants(t, lock.Release(), wal.ErrBusy)
		_, err = wal.Open(path, wal.WithLock(lock))
		wants(t, err, wal.ErrBusy)
		check(t, log.Close())
	}
	must(wal.Repair(path, wal.RepairCutAtDamage, wal.WithLock(lock)))(t)
	_, err = wal.Open(newLog(t).Path(), wal.WithLock(lock))
	wants(t, err, wal.ErrInvalid)
	check(t, lock.Release())
	wants(t, lock.Release(), wal.ErrClosed)
	_, err = wal.Open(path, wal.WithLock(lock))
	wants(t, err, wal.ErrClosed)
	check(t, open(t, path).Close())
}
