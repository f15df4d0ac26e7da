// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/metrics"
	"github.com/hashicorp/raft-wal/verifier"
)

// checkpointKey is the key whose commands have the verifier compare sums over all entries since the
// last such command: as the leader was to store them, and as each node reads them back.
const checkpointKey = "checkpoint"

// What the verifier says on stderr, for the tests to count.
const (
	rightLine = "verifier: right"
	wrongLine = "verifier: WRONG"
)

// A verified is a log with raft-wal's verifier on the way in; reading goes past it.
type verified struct {
	logStore
	verifier *verifier.LogStore
	cuts     atomic.Uint64
}

func newVerified(log logStore) logStore {
	v := &verified{logStore: log}
	v.renew()
	return v
}

// renew begins with sums of nothing. The verifier's own go on over entries that are cut off.
func (v *verified) renew() {
	cuts := v.cuts.Add(1)
	report := func(r verifier.VerificationReport) {
		var wrong verifier.ErrChecksumMismatch
		switch {
		case v.cuts.Load() != cuts: // what it was reading may have been cut off
		case errors.As(r.Err, &wrong):
			fmt.Fprintln(os.Stderr, wrongLine, r.Err)
		case r.Err == nil:
			fmt.Fprintln(os.Stderr, rightLine, r.Range)
		}
	}
	v.verifier = verifier.NewLogStore(v.logStore, isCheckpoint, report,
		metrics.NewAtomicCollector(verifier.MetricDefinitions))
}

func isCheckpoint(log *raft.Log) (bool, error) {
	return strings.HasPrefix(string(log.Data), opPut+" "+checkpointKey+" "), nil
}

func (v *verified) StoreLog(log *raft.Log) error     { return v.verifier.StoreLog(log) }
func (v *verified) StoreLogs(logs []*raft.Log) error { return v.verifier.StoreLogs(logs) }

func (v *verified) DeleteRange(min, max uint64) error {
	last, err := v.LastIndex()
	if err != nil {
		return err
	}
	if max >= last {
		v.renew()
	}
	return v.logStore.DeleteRange(min, max)
}
