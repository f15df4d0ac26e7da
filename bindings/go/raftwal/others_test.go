// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"maps"
	"path/filepath"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	hashicorpwal "github.com/hashicorp/raft-wal"

	"github.com/libwal/libwal/bindings/go/raftwal/raftstoretest"
)

// The suite is of use only if stores that raft is known to work with pass it, but for what is known
// of them.

const (
	notMonotonic = "it takes any indexes, and says so"
	onlyMemory   = "it is memory, and empty when it is opened"
	noChecks     = "DeleteRange sets the first and last index without a look at what there is"
	shares       = "it keeps what it is given and gives that out"
	notFound     = "it gives an error with the text that raft knows"
	stillThere   = "GetLog still gives logs that were deleted from the front of the newest segment"
	noCommit     = "it keeps no commit index"
)

var anyIndex = map[string]string{
	"monotonic/declared":   notMonotonic,
	"monotonic/gap":        notMonotonic,
	"monotonic/gap-inside": notMonotonic,
	"monotonic/again":      notMonotonic,
	"monotonic/hole":       notMonotonic,
	"monotonic/zero":       notMonotonic,
}

var withoutCommit = map[string]string{
	"commit/kept":      noCommit,
	"commit/with-logs": noCommit,
	"commit/bounded":   noCommit,
	"reopen/commit":    noCommit,
	"crash/commit":     noCommit,
}

var inmem = map[string]string{
	"log/empty":            noChecks,
	"delete/empty-range":   noChecks,
	"delete/outside":       noChecks,
	"delete/zero":          noChecks,
	"log/memory":           shares,
	"stable/memory":        shares,
	"stable/missing-quiet": notFound,
	"reopen/all":           onlyMemory,
	"reopen/deleted":       onlyMemory,
	"random/reopen":        onlyMemory,
	"closed":               "it can't be closed",
}

func together(all ...map[string]string) map[string]string {
	sum := make(map[string]string)
	for _, some := range all {
		maps.Copy(sum, some)
	}
	return sum
}

func openBolt(dir string) (raftstoretest.Store, error) {
	return raftboltdb.NewBoltStore(filepath.Join(dir, "raft.db"))
}

func TestInmemStore(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir:        inMemory,
		Open:       func(string) (raftstoretest.Store, error) { return raft.NewInmemStore(), nil },
		NoCopy:     onlyMemory,
		Deviations: together(inmem, anyIndex, withoutCommit),
	})
}

func TestInmemCommitTrackingStore(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir: inMemory,
		Open: func(string) (raftstoretest.Store, error) {
			return raft.NewInmemCommitTrackingStore(), nil
		},
		NoCopy: onlyMemory,
		Deviations: together(inmem, anyIndex, map[string]string{
			"commit/with-logs": "it gives what was staged",
			"commit/bounded":   "it gives what was staged",
			"reopen/commit":    onlyMemory,
		}),
	})
}

func TestBoltStore(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir:  inMemory,
		Open: openBolt,
		Deviations: together(anyIndex, withoutCommit, map[string]string{
			"stable/missing-quiet": notFound,
		}),
	})
}

func openRaftWAL(dir string) (raftstoretest.Store, error) {
	return hashicorpwal.Open(dir, hashicorpwal.WithSegmentSize(1<<20),
		hashicorpwal.WithLogger(hclog.NewNullLogger()))
}

func TestRaftWAL(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir:  inMemory,
		Open: openRaftWAL,
		Deviations: together(withoutCommit, map[string]string{
			"delete/prefix": stillThere,
			"delete/one":    stillThere,
			"delete/beyond": stillThere,
			"delete/zero":   stillThere,
			"random/calls":  stillThere,
			"random/reopen": stillThere,
			"random/crash":  stillThere,
		}),
	})
}

// boundedWAL takes raft-wal's one deviation away, behind which others would hide.
type boundedWAL struct{ *hashicorpwal.WAL }

func (b boundedWAL) GetLog(index uint64, log *raft.Log) error {
	first, err := b.FirstIndex()
	if err != nil {
		return err
	}
	if index < first {
		return raft.ErrLogNotFound
	}
	return b.WAL.GetLog(index, log)
}

func TestRaftWALBounded(t *testing.T) {
	raftstoretest.Run(t, raftstoretest.Factory{
		Dir: inMemory,
		Open: func(dir string) (raftstoretest.Store, error) {
			store, err := openRaftWAL(dir)
			if err != nil {
				return nil, err
			}
			return boundedWAL{store.(*hashicorpwal.WAL)}, nil
		},
		Deviations: withoutCommit,
	})
}
