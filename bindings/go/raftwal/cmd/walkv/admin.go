// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/hashicorp/raft"
)

// status is what GET /status shows. Indexes are raft's; those that are 0 are of nothing.
type status struct {
	ID       string         `json:"id"`
	State    string         `json:"state"` // Follower, Candidate, Leader or Shutdown
	Term     uint64         `json:"term"`
	Leader   string         `json:"leader"`      // "": none is known
	Address  string         `json:"leader_http"` // "": not known yet
	Commit   uint64         `json:"commit"`
	Applied  uint64         `json:"applied"`
	First    uint64         `json:"first"` // of the log in raft.wal
	Last     uint64         `json:"last"`
	Snapshot uint64         `json:"snapshot"` // the newest one holds all up to here
	Keys     int            `json:"keys"`
	Servers  []serverStatus `json:"servers"`
}

type serverStatus struct {
	ID       string `json:"id"`
	Raft     string `json:"raft"`
	HTTP     string `json:"http"` // "": it hasn't led yet
	Suffrage string `json:"suffrage"`
}

func (s *server) status(w http.ResponseWriter, _ *http.Request) {
	n := s.node
	first, firstErr := n.store.FirstIndex()
	last, lastErr := n.store.LastIndex()
	future := n.raft.GetConfiguration()
	if err := errors.Join(firstErr, lastErr, future.Error()); err != nil {
		fail(w, http.StatusInternalServerError, "%v", err)
		return
	}
	id, address := n.leader()
	snapshot, _ := strconv.ParseUint(n.raft.Stats()["last_snapshot_index"], 10, 64)
	shown := status{
		ID: n.options.id, State: n.raft.State().String(), Term: n.raft.CurrentTerm(),
		Leader: string(id), Address: address,
		Commit: n.raft.CommitIndex(), Applied: n.raft.AppliedIndex(),
		First: first, Last: last, Snapshot: snapshot, Keys: n.fsm.count(),
	}
	for _, member := range future.Configuration().Servers {
		shown.Servers = append(shown.Servers, serverStatus{
			ID: string(member.ID), Raft: string(member.Address), HTTP: n.fsm.address(member.ID),
			Suffrage: member.Suffrage.String(),
		})
	}
	answer(w, shown)
}

// member is what POST /join takes.
type member struct {
	ID   string `json:"id"`
	Raft string `json:"raft"`
}

// join takes a node into the cluster, or gives one another address.
func (s *server) join(w http.ResponseWriter, r *http.Request) {
	var m member
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&m)
	if err != nil || m.ID == "" || m.Raft == "" {
		fail(w, http.StatusBadRequest, `it takes {"id": "ID", "raft": "ADDRESS"}`)
		return
	}
	if !s.here(w, r) {
		return
	}
	future := s.node.raft.AddVoter(raft.ServerID(m.ID), raft.ServerAddress(m.Raft), 0, patience)
	if err := future.Error(); err != nil {
		failRaft(w, err)
		return
	}
	answer(w, map[string]uint64{"index": future.Index()})
}

// snapshot has this node take one, and drop what its log need not have any more.
func (s *server) snapshot(w http.ResponseWriter, _ *http.Request) {
	err := s.node.raft.Snapshot().Error()
	if err != nil && !errors.Is(err, raft.ErrNothingNewToSnapshot) {
		fail(w, http.StatusInternalServerError, "%v", err)
		return
	}
	answer(w, struct{}{})
}

// backup gives this node's own state.
func (s *server) backup(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	if err := s.node.fsm.copy().write(w); err != nil {
		panic(http.ErrAbortHandler) // the client has to see that it is cut short
	}
}

// restore puts a backup in place of the keys of the whole cluster. Raft gives the leader's state to
// the others as a snapshot.
func (s *server) restore(w http.ResponseWriter, r *http.Request) {
	if !s.here(w, r) {
		return
	}
	restored, err := readState(r.Body)
	if err != nil {
		fail(w, http.StatusBadRequest, "%v", err)
		return
	}
	restored.nodes = s.node.fsm.copy().nodes // the cluster's own, not those of the backup
	var content bytes.Buffer
	if err := restored.write(&content); err != nil {
		fail(w, http.StatusInternalServerError, "%v", err)
		return
	}
	meta := &raft.SnapshotMeta{Version: raft.SnapshotVersionMax, Size: int64(content.Len())}
	if err := s.node.raft.Restore(meta, &content, patience); err != nil {
		failRaft(w, err)
		return
	}
	answer(w, map[string]int{"keys": len(restored.values)})
}
