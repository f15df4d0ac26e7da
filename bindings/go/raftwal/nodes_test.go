// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// limit is for what must come, however slow the machine is.
const limit = 60 * time.Second

// list is a state machine: all commands, in order.
type list struct {
	mu    sync.Mutex
	Lines []string
}

func (l *list) Apply(log *raft.Log) any {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Lines = append(l.Lines, string(log.Data))
	return nil
}

func (l *list) Snapshot() (raft.FSMSnapshot, error) { return &list{Lines: l.lines()}, nil }

func (l *list) Restore(from io.ReadCloser) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Lines = nil
	return json.NewDecoder(from).Decode(l)
}

func (l *list) Persist(sink raft.SnapshotSink) error {
	if err := json.NewEncoder(sink).Encode(l); err != nil {
		return sink.Cancel()
	}
	return sink.Close()
}

func (l *list) Release() {}

func (l *list) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.Lines)
}

// node is one server, which can be stopped and started again.
type node struct {
	name      string
	path      string
	snapshots *raft.InmemSnapshotStore
	store     *raftwal.Store
	state     *list
	raft      *raft.Raft
	transport *raft.InmemTransport
}

func newNode(t *testing.T, name string) *node {
	return &node{name: name, path: newPath(t), snapshots: raft.NewInmemSnapshotStore()}
}

func (n *node) start(t *testing.T) {
	t.Helper()
	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(n.name)
	config.HeartbeatTimeout = 200 * time.Millisecond
	config.ElectionTimeout = 200 * time.Millisecond
	config.LeaderLeaseTimeout = 100 * time.Millisecond
	config.CommitTimeout = 5 * time.Millisecond
	config.TrailingLogs = 10
	config.RestoreCommittedLogs = true
	config.Logger = hclog.NewNullLogger()
	n.store = open(t, n.path)
	check(t, n.store.DropCovered(n.snapshots))
	n.state = &list{}
	_, n.transport = raft.NewInmemTransport(raft.ServerAddress(n.name))
	r, err := raft.NewRaft(config, n.state, n.store, n.store, n.snapshots, n.transport)
	check(t, err)
	n.raft = r
}

func (n *node) stop(t *testing.T) {
	t.Helper()
	check(t, n.raft.Shutdown().Error())
	check(t, n.store.Close())
}

func connect(nodes ...*node) {
	for _, a := range nodes {
		for _, b := range nodes {
			if a != b {
				a.transport.Connect(b.transport.LocalAddr(), b.transport)
			}
		}
	}
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came: ", what)
		}
	}
}

func leader(t *testing.T, nodes ...*node) *node {
	t.Helper()
	var found *node
	eventually(t, "a leader", func() bool {
		for _, n := range nodes {
			if n.raft.State() == raft.Leader {
				found = n
			}
		}
		return found != nil
	})
	return found
}

// apply has the leader apply so many commands, whichever node it is meanwhile.
func apply(t *testing.T, first, count int, nodes ...*node) {
	t.Helper()
	for i := first; i < first+count; i++ {
		command := fmt.Appendf(nil, "command %d", i)
		eventually(t, string(command), func() bool {
			return leader(t, nodes...).raft.Apply(command, limit).Error() == nil
		})
	}
}

func agree(t *testing.T, nodes ...*node) {
	t.Helper()
	eventually(t, "equal states", func() bool {
		for _, n := range nodes[1:] {
			if !slices.Equal(n.state.lines(), nodes[0].state.lines()) {
				return false
			}
		}
		return true
	})
	first, last := uint64(0), uint64(1)<<63
	for _, n := range nodes {
		from, err := n.store.FirstIndex()
		check(t, err)
		to, err := n.store.LastIndex()
		check(t, err)
		first, last = max(first, from), min(last, to)
	}
	for index := first; index <= last; index++ {
		var want raft.Log
		check(t, nodes[0].store.GetLog(index, &want))
		for _, n := range nodes[1:] {
			var got raft.Log
			check(t, n.store.GetLog(index, &got))
			equal(t, got.Term, want.Term)
			equal(t, string(got.Data), string(want.Data))
		}
	}
}

// Three servers in one process: one is left far behind and gets a snapshot, then the user restores
// one, then all are stopped and started.
func TestNodes(t *testing.T) {
	nodes := []*node{newNode(t, "a"), newNode(t, "b"), newNode(t, "c")}
	var configuration raft.Configuration
	for _, n := range nodes {
		n.start(t)
		configuration.Servers = append(configuration.Servers, raft.Server{
			ID: raft.ServerID(n.name), Address: raft.ServerAddress(n.name),
		})
	}
	connect(nodes...)
	check(t, nodes[0].raft.BootstrapCluster(configuration).Error())
	apply(t, 0, 50, nodes...)
	agree(t, nodes...)

	behind := nodes[2]
	behind.stop(t)
	others := nodes[:2]
	apply(t, 50, 150, others...)
	agree(t, others...)
	for _, n := range others {
		check(t, n.raft.Snapshot().Error())
		first, err := n.store.FirstIndex()
		check(t, err)
		if first < 100 {
			t.Fatalf("the snapshot leaves logs from %d on", first)
		}
	}
	behind.start(t)
	connect(nodes...)
	apply(t, 200, 20, nodes...)
	agree(t, nodes...)

	saved := leader(t, nodes...)
	content, err := json.Marshal(&list{Lines: []string{"restored"}})
	check(t, err)
	meta := &raft.SnapshotMeta{Version: 1, Index: 1000, Term: 1, Size: int64(len(content))}
	check(t, saved.raft.Restore(meta, strings.NewReader(string(content)), limit))
	apply(t, 220, 20, nodes...)
	agree(t, nodes...)
	lines := nodes[0].state.lines()
	equal(t, lines[0], "restored")

	for _, n := range nodes {
		n.stop(t)
	}
	for _, n := range nodes {
		n.start(t)
	}
	for _, n := range nodes { // what is known to be committed is applied without the others
		eventually(t, "committed logs", func() bool { return len(n.state.lines()) >= 15 })
	}
	connect(nodes...)
	apply(t, 240, 5, nodes...)
	agree(t, nodes...)
	for _, n := range nodes {
		n.stop(t)
	}
}
