// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
	"github.com/libwal/libwal/bindings/go/raftwal/internal/heldsync"
)

// Whatever change a sync keeps waiting, GetLog and the indexes don't, and show nothing of it.
func TestReadBesideAHeldSync(t *testing.T) {
	for what, change := range map[string]struct {
		do          func(*raftwal.Store) error
		first, last uint64 // afterwards
	}{
		"StoreLogs":     {func(s *raftwal.Store) error { return s.StoreLogs(logs(6, 9, 1)) }, 1, 9},
		"StoreLog":      {func(s *raftwal.Store) error { return s.StoreLogs(logs(6, 6, 1)) }, 1, 6},
		"with an index": {stageAndStore, 1, 9},
		"SetUint64":     {func(s *raftwal.Store) error { return s.SetUint64([]byte("k"), 7) }, 1, 5},
	} {
		t.Run(what, func(t *testing.T) {
			store, _ := newStore(t)
			check(t, store.StoreLogs(logs(1, 5, 1)))
			heldsync.Hold()
			defer heldsync.Release()
			done := make(chan error, 1)
			go func() { done <- change.do(store) }()
			eventually(t, "a sync", func() bool { return heldsync.Waiting() > 0 })

			read := make(chan error, 1)
			go func() {
				for index := uint64(1); index <= 5; index++ {
					if err := store.GetLog(index, new(raft.Log)); err != nil {
						read <- err
						return
					}
				}
				read <- nil
			}()
			select {
			case err := <-read:
				check(t, err)
			case <-time.After(limit):
				t.Fatal("GetLog waits")
			}
			holds(t, store, 1, 5, never)

			select {
			case err := <-done:
				t.Fatal("the change didn't wait: ", err)
			default:
			}
			heldsync.Release()
			check(t, <-done)
			holds(t, store, change.first, change.last, never)
		})
	}
}
