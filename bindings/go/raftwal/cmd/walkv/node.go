// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

const (
	logName         = "raft.wal"
	keptSnapshots   = 2
	snapshotLook    = 5 * time.Second  // how often raft looks whether one is due, at least
	transportLimit  = 10 * time.Second // for a message to another node
	pooledTransport = 3
)

// logStore is what raft makes use of in a log.
type logStore interface {
	raft.LogStore
	raft.MonotonicLogStore
}

// A wrapper puts something around the log.
type wrapper func(logStore) logStore

// A node is one server of the cluster.
type node struct {
	options   options
	logger    hclog.Logger
	existed   bool // it has been a member of a cluster before
	store     *raftwal.Store
	logs      logStore
	snapshots raft.SnapshotStore
	fsm       *fsm
	transport *raft.NetworkTransport
	raft      *raft.Raft
	closing   chan struct{} // closed when the node ends
}

// startNode opens what the directory has and takes part in the cluster. fail is called, and doesn't
// return, once the store doesn't take a change.
func startNode(o options, logger hclog.Logger, wrap wrapper, fail func(error)) (*node, error) {
	n := &node{options: o, logger: logger, fsm: newFSM(), closing: make(chan struct{})}
	if err := os.MkdirAll(o.dir, 0o777); err != nil {
		return nil, err
	}
	store, err := raftwal.Open(filepath.Join(o.dir, logName))
	if err != nil {
		return nil, err
	}
	n.store = store
	if err := n.start(wrap, fail); err != nil {
		if n.transport != nil {
			_ = n.transport.Close()
		}
		_ = store.Close()
		return nil, err
	}
	go n.announce()
	return n, nil
}

func (n *node) start(wrap wrapper, fail func(error)) error {
	guarded := &guard{Store: n.store, fail: fail}
	n.logs = guarded
	if wrap != nil {
		n.logs = wrap(guarded)
	}
	snapshots, err := raft.NewFileSnapshotStoreWithLogger(n.options.dir, keptSnapshots, n.logger)
	if err != nil {
		return fmt.Errorf("snapshots in %s: %w", n.options.dir, err)
	}
	n.snapshots = snapshots
	if err := n.store.DropCovered(snapshots); err != nil {
		return err
	}
	n.existed, err = raft.HasExistingState(n.logs, guarded, snapshots)
	if err != nil {
		return fmt.Errorf("looking for an earlier cluster: %w", err)
	}
	n.transport, err = raft.NewTCPTransportWithLogger(n.options.raft, nil, pooledTransport,
		transportLimit, n.logger)
	if err != nil {
		return fmt.Errorf("-raft %s: %w", n.options.raft, err)
	}
	config := n.config()
	if n.options.bootstrap && !n.existed {
		alone := raft.Configuration{Servers: []raft.Server{
			{ID: config.LocalID, Address: n.transport.LocalAddr()},
		}}
		err := raft.BootstrapCluster(config, n.logs, guarded, snapshots, n.transport, alone)
		if err != nil {
			return fmt.Errorf("beginning a cluster: %w", err)
		}
	}
	n.raft, err = raft.NewRaft(config, n.fsm, n.logs, guarded, snapshots, n.transport)
	return err
}

func (n *node) config() *raft.Config {
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(n.options.id)
	config.HeartbeatTimeout = n.options.heartbeat
	config.ElectionTimeout = n.options.heartbeat
	config.LeaderLeaseTimeout = n.options.heartbeat / 2
	config.CommitTimeout = min(config.CommitTimeout, n.options.heartbeat/4)
	config.SnapshotInterval = snapshotLook
	config.SnapshotThreshold = n.options.snapshots
	config.TrailingLogs = n.options.trailing
	config.Logger = n.logger
	return config
}

// announce tells all nodes the HTTP address of this one each time that it becomes the leader. Once
// that is applied, so is all that earlier leaders have acknowledged.
func (n *node) announce() {
	here := command{opNode, n.options.id, []byte(n.options.http)}.encode()
	for {
		select {
		case <-n.closing:
			return
		case leads := <-n.raft.LeaderCh():
			if !leads {
				continue
			}
		}
		if err := n.raft.Apply(here, 0).Error(); err != nil {
			n.logger.Warn("the lead was lost before anything was done", "error", err)
		}
	}
}

// leads says whether this node is the leader and knows all that was acknowledged before it was.
func (n *node) leads() bool {
	return n.raft.State() == raft.Leader && n.fsm.appliedTerm() == n.raft.CurrentTerm()
}

// leader gives the ID and HTTP address of the leader, as far as they are known here.
func (n *node) leader() (raft.ServerID, string) {
	_, id := n.raft.LeaderWithID()
	return id, n.fsm.address(id)
}

// handOver lets another node lead, where there is one that can.
func (n *node) handOver() {
	if n.raft.State() != raft.Leader {
		return
	}
	if err := n.raft.LeadershipTransfer().Error(); err != nil {
		n.logger.Info("no other node takes the lead", "error", err)
	}
}

// close ends the node; all that it has stored is durable already.
func (n *node) close() error {
	close(n.closing)
	if err := n.raft.Shutdown().Error(); err != nil {
		return err
	}
	if err := n.transport.Close(); err != nil {
		return err
	}
	return n.store.Close()
}
