// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"slices"
	"sync"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

// fresh opens a new log; what the command line says comes last, thus wins. Options that the library
// refuses are refused before a log that is there goes.
func (r *run) fresh(defaults ...wal.Option) (*wal.Log, error) {
	options := append(defaults, r.options...)
	_, err := wal.Verify(r.ctx, r.dir+".none", nil, options...)
	if !errors.Is(err, wal.ErrNotFound) {
		return nil, err
	}
	if err := os.RemoveAll(r.dir); err != nil {
		return nil, err
	}
	return wal.Open(r.dir, options...)
}

// crew runs f on r.threads goroutines and gives how long that took, and the first error.
func (r *run) crew(f func(number int) error) (time.Duration, error) {
	var all sync.WaitGroup
	failures := make(chan error, r.threads)
	began := time.Now()
	for k := range r.threads {
		all.Add(1)
		go func() {
			defer all.Done()
			if err := f(k); err != nil {
				failures <- err
			}
		}()
	}
	all.Wait()
	took := time.Since(began)
	select {
	case err := <-failures:
		return took, err
	default:
		return took, nil
	}
}

func (r *run) duration() time.Duration { return time.Duration(r.seconds * float64(time.Second)) }

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

func (r *run) rates(n int, took time.Duration) []figure {
	return []figure{
		{"rate", perSecond(n, took), "rec/s"},
		{"mb", perSecond(n*r.size, took) / 1e6, "MB/s"},
	}
}

func durable(r *run) ([]figure, error) {
	log, err := r.fresh()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	times := make([][]time.Duration, r.threads)
	end := time.Now().Add(r.duration())
	took, err := r.crew(func(k int) error {
		for i, began := 0, time.Now(); ; i++ {
			if _, err := log.Append(r.ctx, r.payload(i)); err != nil {
				return err
			}
			now := time.Now()
			times[k] = append(times[k], now.Sub(began))
			if began = now; !now.Before(end) {
				return nil
			}
		}
	})
	every := slices.Concat(times...)
	slices.Sort(every)
	figures := []figure{{"rate", perSecond(len(every), took), "rec/s"}}
	for _, p := range []struct {
		name  string
		share float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}} {
		at := min(len(every)-1, int(float64(len(every))*p.share))
		figures = append(figures, figure{p.name, float64(every[at].Nanoseconds()) / 1e3, "us"})
	}
	return figures, err
}

func batch(r *run) ([]figure, error) {
	log, err := r.fresh()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	payloads := make([][]byte, r.batch)
	for i := range payloads {
		payloads[i] = r.payload(i)
	}
	n, began := 0, time.Now()
	for time.Since(began) < r.duration() {
		if _, err := log.AppendBatch(r.ctx, payloads); err != nil {
			return nil, err
		}
		n += r.batch
	}
	return r.rates(n, time.Since(began)), nil
}

func buffered(r *run) ([]figure, error) {
	log, err := r.fresh(wal.WithSync(wal.SyncNone), wal.With("segment_bytes", "4G"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	began := time.Now()
	unsynced, err := r.crew(func(k int) error {
		for i := r.count * k / r.threads; i < r.count*(k+1)/r.threads; i++ {
			if _, err := log.Append(r.ctx, r.payload(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = log.Sync(r.ctx)
	}
	figures := r.rates(r.count, time.Since(began))
	return append(figures, figure{"rate_nosync", perSecond(r.count, unsynced), "rec/s"}), err
}

func fill(r *run) ([]figure, error) {
	log, err := r.fresh(wal.WithSync(wal.SyncNone))
	if err != nil {
		return nil, err
	}
	for i := range r.count {
		if _, err := log.Append(r.ctx, r.payload(i)); err != nil {
			log.Close()
			return nil, err
		}
	}
	return nil, log.Close()
}

// compare reads all once before, and looks at the bytes.
func (r *run) compare() error {
	log, err := wal.Open(r.dir, append(r.options, wal.WithReadOnly())...)
	if err != nil {
		return err
	}
	defer log.Close()
	for record, err := range log.Records(r.ctx, 0) {
		if err != nil {
			return err
		}
		if !bytes.Equal(record.Data, r.payload(int(record.LSN-1))) {
			return fmt.Errorf("record %d has other bytes than were written", record.LSN)
		}
	}
	return nil
}

func replay(r *run) ([]figure, error) {
	if err := r.compare(); err != nil {
		return nil, err
	}
	began := time.Now()
	log, err := wal.Open(r.dir, r.options...)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	opened := time.Now()
	n := 0
	for _, err := range log.Records(r.ctx, 0) {
		if err != nil {
			return nil, err
		}
		n++
	}
	if n != r.count {
		return nil, fmt.Errorf("%d records, not %d", n, r.count)
	}
	figures := r.rates(n, time.Since(began))
	return append(figures, figure{"rate_noopen", perSecond(n, time.Since(opened)), "rec/s"}), nil
}

func reopen(r *run) ([]figure, error) {
	times := make([]time.Duration, 5)
	for i := range times {
		began := time.Now()
		log, err := wal.Open(r.dir, append(r.options, wal.WithCreate(false))...)
		if err != nil {
			return nil, err
		}
		times[i] = time.Since(began)
		if err := log.Close(); err != nil {
			return nil, err
		}
	}
	slices.Sort(times)
	return []figure{{"ms", times[2].Seconds() * 1e3, "ms"}}, nil
}

func get(r *run) ([]figure, error) {
	log, err := wal.Open(r.dir, r.options...)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	in, err := log.Range()
	if err != nil {
		return nil, err
	}
	if in.Last == 0 {
		return nil, fmt.Errorf("%s holds nothing to get", r.dir)
	}
	dst, n, began := make([]byte, r.size), 0, time.Now()
	for time.Since(began) < r.duration() {
		for range 1000 {
			lsn := in.First + wal.LSN(rand.Int63n(int64(in.Last-in.First)+1))
			if _, err := log.Get(lsn, dst); err != nil {
				return nil, err
			}
		}
		n += 1000
	}
	return []figure{{"ns", float64(time.Since(began).Nanoseconds()) / float64(n), "ns"}}, nil
}
