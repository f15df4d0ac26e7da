// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal/raftstoretest"
)

// Raft 1.8.0 with RestoreCommittedLogs looks for the cluster's servers behind the commit index
// only, so a server that starts without a snapshot of a later index than the last change knows
// none. It does so with its own store, too. When this fails, README.md need not warn any more.
func TestRestoreCommittedLogsForgetsServers(t *testing.T) {
	ours, _ := newStore(t)
	for name, store := range map[string]raftstoretest.Store{
		"raftwal": ours, "raft's own": raft.NewInmemCommitTrackingStore(),
	} {
		t.Run(name, func(t *testing.T) {
			equal(t, serversAfterRestart(t, store, false), 1)
			equal(t, serversAfterRestart(t, store, true), 0)
		})
	}
}

// serversAfterRestart says how many servers the node knows that has been started a second time.
func serversAfterRestart(t *testing.T, store raftstoretest.Store, restore bool) int {
	t.Helper()
	config := raft.DefaultConfig()
	config.LocalID = "one"
	config.RestoreCommittedLogs = true // the commit index is stored
	config.Logger = hclog.NewNullLogger()
	snapshots := raft.NewInmemSnapshotStore()
	start := func() *raft.Raft {
		_, transport := raft.NewInmemTransport("one")
		node, err := raft.NewRaft(config, &list{}, store, store, snapshots, transport)
		check(t, err)
		return node
	}
	node := start()
	last, err := store.LastIndex()
	check(t, err)
	if last == 0 {
		check(t, node.BootstrapCluster(raft.Configuration{Servers: []raft.Server{
			{ID: "one", Address: "one"},
		}}).Error())
		<-node.LeaderCh()
		for range 3 {
			check(t, node.Apply([]byte("command"), time.Minute).Error())
		}
	}
	check(t, node.Shutdown().Error())
	config.RestoreCommittedLogs = restore
	node = start()
	servers := len(node.GetConfiguration().Configuration().Servers)
	check(t, node.Shutdown().Error())
	return servers
}
