// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// A cluster of one server, which keeps its log, its votes and its term in raft.wal.
func Example() {
	dir, err := os.MkdirTemp("", "raftwal-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	store, err := raftwal.Open(filepath.Join(dir, "raft.wal"))
	if err != nil {
		panic(err)
	}
	defer store.Close()
	snapshots := raft.NewInmemSnapshotStore()
	if err := store.DropCovered(snapshots); err != nil {
		panic(err)
	}

	config := raft.DefaultConfig()
	config.LocalID = "one"
	config.Logger = hclog.NewNullLogger()
	address, transport := raft.NewInmemTransport("one")
	state := &list{}
	node, err := raft.NewRaft(config, state, store, store, snapshots, transport)
	if err != nil {
		panic(err)
	}
	defer func() { _ = node.Shutdown().Error() }()
	servers := raft.Configuration{Servers: []raft.Server{{ID: "one", Address: address}}}
	if err := node.BootstrapCluster(servers).Error(); err != nil {
		panic(err)
	}
	<-node.LeaderCh()
	if err := node.Apply([]byte("Hello"), time.Minute).Error(); err != nil {
		panic(err)
	}
	fmt.Println(state.lines())
	// Output: [Hello]
}
