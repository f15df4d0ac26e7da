// SPDX-License-Identifier: Apache-2.0

package wal

import (
	"context"
	"io"
	"iter"
	"time"
)

// Tail is Records that doesn't end: at the end of what is durable it waits for more, until the
// context ends, whose error comes last, or the log is closed (ErrClosed). It may follow a writer in
// another process, on a read-only log. While it waits it has no thread.
func (l *Log) Tail(ctx context.Context, from LSN, options ...ReadOption) iter.Seq2[Record, error] {
	return l.walk(ctx, from, options, true)
}

// lookEvery is how often a reader looks for records that aren't durable: no event tells of those.
const lookEvery = 5 * time.Millisecond

func (r *Reader) wait(ctx context.Context) error {
	var changed <-chan struct{}
	for {
		err := r.ready(false)
		if err != io.EOF {
			return err
		}
		if r.options&reverse != 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if changed == nil { // from here on nothing is missed, so once more
			if changed, err = r.changes(); err != nil {
				return err
			}
			continue
		}
		if err := r.waitFor(ctx, changed); err != nil {
			return err
		}
		changed = nil
	}
}

// changes gives what is closed with the log's next change.
func (r *Reader) changes() (<-chan struct{}, error) {
	if !r.log.enter() {
		return nil, r.log.closed()
	}
	defer r.log.leave()
	return r.log.watch.next(r.log)
}

func (r *Reader) waitFor(ctx context.Context, changed <-chan struct{}) error {
	var tick <-chan time.Time
	if r.options&Written != 0 {
		timer := time.NewTimer(lookEvery)
		defer timer.Stop()
		tick = timer.C
	}
	select {
	case <-changed:
	case <-tick:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.log.closing:
		return r.log.closed()
	}
	return nil
}
