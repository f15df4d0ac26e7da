// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"fmt"
	"testing"

	"github.com/hashicorp/raft"
	"github.com/hashicorp/raft-wal/metrics"
	"github.com/hashicorp/raft-wal/verifier"

	wal "github.com/libwal/libwal/bindings/go"
)

// Raft-wal's verifier as a second opinion: a leader's store and a follower's, which gets what the
// leader has stored, with sums over all of it at each checkpoint.
func TestVerifier(t *testing.T) {
	const checkpoints, between = 20, 50
	isCheckpoint := func(log *raft.Log) (bool, error) { return string(log.Data) == "checkpoint", nil }
	collector := metrics.NewAtomicCollector(verifier.MetricDefinitions)
	reports := make(chan verifier.VerificationReport, 2)
	verified := func() *verifier.LogStore {
		store, _ := newStore(t, wal.WithSegmentBytes(64<<10))
		return verifier.NewLogStore(store, isCheckpoint,
			func(r verifier.VerificationReport) { reports <- r }, collector)
	}
	leader, follower := verified(), verified()
	equal(t, leader.IsMonotonic(), true)
	index := uint64(1)
	for range checkpoints {
		batch := logs(index, index+between-1, 1)
		batch[between-1].Data = []byte("checkpoint")
		batch[3].Extensions = []byte("extensions")
		batch[5].Data = make([]byte, 3000)
		index += between
		check(t, leader.StoreLogs(batch))
		check(t, follower.StoreLogs(batch[:10]))
		check(t, follower.StoreLogs(batch[10:]))
		for range 2 {
			report := <-reports
			check(t, report.Err)
			equal(t, report.ReadSum, report.ExpectedSum)
			equal(t, fmt.Sprint(report.SkippedRange), "<nil>")
		}
		if index > 500 {
			check(t, follower.DeleteRange(1, index-200))
		}
	}
	check(t, leader.Close())
	check(t, follower.Close())
	sums := collector.Summary().Counters
	equal(t, sums["read_checksum_failures"]+sums["write_checksum_failures"], 0)
}
