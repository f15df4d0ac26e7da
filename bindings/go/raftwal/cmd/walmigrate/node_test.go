// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// commands is a state machine: all commands, in order.
type commands struct {
	mu   sync.Mutex
	Seen []string
}

func (c *commands) Apply(log *raft.Log) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Seen = append(c.Seen, string(log.Data))
	return nil
}

func (c *commands) seen() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.Seen)
}

func (c *commands) Snapshot() (raft.FSMSnapshot, error) { return &commands{Seen: c.seen()}, nil }

func (c *commands) Restore(from io.ReadCloser) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.NewDecoder(from).Decode(c)
}

func (c *commands) Persist(sink raft.SnapshotSink) error {
	if err := json.NewEncoder(sink).Encode(c); err != nil {
		return err
	}
	return sink.Close()
}

func (c *commands) Release() {}

// server runs a server that is alone, over a store, and has it apply commands, up to a number.
func server(
	t *testing.T, store closingStore, snapshots raft.SnapshotStore, from, to int,
	between func(*raft.Raft),
) (seen []string) {
	t.Helper()
	const limit = time.Minute
	config := raft.DefaultConfig()
	config.LocalID = "server-1" // 8 bytes, which are no number
	config.HeartbeatTimeout, config.ElectionTimeout = 50*time.Millisecond, 50*time.Millisecond
	config.LeaderLeaseTimeout = 50 * time.Millisecond
	config.TrailingLogs = 10
	config.Logger = hclog.NewNullLogger()
	address, transport := raft.NewInmemTransport("")
	configuration := raft.Configuration{
		Servers: []raft.Server{{ID: config.LocalID, Address: address}},
	}
	if from == 0 {
		check(t, raft.BootstrapCluster(config, store, store, snapshots, transport, configuration))
	}
	state := &commands{}
	node := must(raft.NewRaft(config, state, store, store, snapshots, transport))(t)
	for end := time.Now().Add(limit); node.State() != raft.Leader; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never leads")
		}
	}
	for i := from; i < to; i++ {
		check(t, node.Apply(fmt.Appendf(nil, "command %d", i), limit).Error())
		if i == (from+to)/2 {
			between(node)
		}
	}
	check(t, node.Shutdown().Error())
	check(t, store.Close())
	return state.seen()
}

// A server goes on from the copy as from its old store: with a snapshot, the logs behind it, and
// its term and vote.
func TestServerGoesOn(t *testing.T) {
	for kind, make := range stores {
		t.Run(kind, func(t *testing.T) {
			snapshots := raft.NewInmemSnapshotStore()
			old, source := make(t, inMemory(t))
			var term uint64
			server(t, old, snapshots, 0, 200, func(node *raft.Raft) {
				check(t, node.Snapshot().Error())
				term = node.CurrentTerm()
			})
			dest := filepath.Join(inMemory(t), "new")
			does(t, codeDone, "3 stable values", source, dest)
			store := must(raftwal.Open(dest))(t)
			first := must(store.FirstIndex())(t)
			if first <= 10 {
				t.Fatalf("the first index is %d", first)
			}
			equal(t, must(store.GetUint64([]byte("CurrentTerm")))(t), term)
			equal(t, must(store.GetUint64([]byte("LastVoteTerm")))(t), term)
			seen := server(t, store, snapshots, 200, 300, func(node *raft.Raft) {
				equal(t, node.CurrentTerm(), term+1)
			})
			var want []string
			for i := range 300 {
				want = append(want, fmt.Sprintf("command %d", i))
			}
			if !slices.Equal(seen, want) {
				t.Fatalf("%d commands, the last ones %q", len(seen), seen[max(0, len(seen)-3):])
			}
		})
	}
}
