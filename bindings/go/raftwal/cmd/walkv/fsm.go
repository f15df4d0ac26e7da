// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"sync"

	"github.com/hashicorp/raft"
)

// An fsm is raft's state machine: the node's own copy of the state.
type fsm struct {
	mu    sync.RWMutex // protects all below
	state state
	term  uint64 // that of the last command
}

func newFSM() *fsm { return &fsm{state: newState()} }

// Apply carries out a command that is committed. What it returns goes to whoever has sent it.
func (f *fsm) Apply(log *raft.Log) any {
	c, err := decodeCommand(log.Data)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.term = log.Term
	if err != nil {
		return err
	}
	f.state.apply(c)
	return nil
}

// Snapshot gives the state as it is now; it is written while later commands are applied.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) { return snapshot{f.copy()}, nil }

// Restore puts a snapshot in place of the state.
func (f *fsm) Restore(from io.ReadCloser) error {
	restored, err := readState(from)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = restored
	return nil
}

func (f *fsm) copy() state {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.state.clone()
}

func (f *fsm) get(key string) (value []byte, found bool) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	value, found = f.state.values[key]
	return value, found
}

// address gives a node's HTTP address, "" while none is known.
func (f *fsm) address(id raft.ServerID) string {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.state.nodes[string(id)]
}

// appliedTerm is the term of the last command that was applied.
func (f *fsm) appliedTerm() uint64 {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return f.term
}

func (f *fsm) count() int {
	f.mu.RLock()
	defer f.mu.RUnlock()
	return len(f.state.values)
}

type snapshot struct{ state state }

func (s snapshot) Persist(sink raft.SnapshotSink) error {
	if err := s.state.write(sink); err != nil {
		_ = sink.Cancel()
		return err
	}
	return sink.Close()
}

func (s snapshot) Release() {}
