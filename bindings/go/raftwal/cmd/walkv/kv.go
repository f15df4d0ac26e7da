// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net/http"

	"github.com/hashicorp/raft"
)

// get answers with what is stored under a key: by the leader, who makes sure that it still is the
// leader, so that everything acknowledged before is seen; with ?local by this node's own state.
func (s *server) get(w http.ResponseWriter, r *http.Request) {
	key, fine := keyOf(w, r)
	if !fine {
		return
	}
	if !r.URL.Query().Has("local") {
		if !s.here(w, r) {
			return
		}
		if err := s.node.raft.VerifyLeader().Error(); err != nil {
			failRaft(w, err)
			return
		}
	}
	value, found := s.node.fsm.get(key)
	if !found {
		fail(w, http.StatusNotFound, "there is no key %q", key)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(value)
}

func (s *server) put(w http.ResponseWriter, r *http.Request) {
	key, fine := keyOf(w, r)
	if !fine {
		return
	}
	value, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxValueBytes))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		fail(w, http.StatusRequestEntityTooLarge, "a value has up to %d bytes", maxValueBytes)
		return
	}
	if err != nil {
		fail(w, http.StatusBadRequest, "reading the value: %v", err)
		return
	}
	s.apply(w, r, command{opPut, key, value})
}

func (s *server) delete(w http.ResponseWriter, r *http.Request) {
	if key, fine := keyOf(w, r); fine {
		s.apply(w, r, command{op: opDelete, name: key})
	}
}

func keyOf(w http.ResponseWriter, r *http.Request) (string, bool) {
	key := r.PathValue("key")
	if key == "" || len(key) > maxKeyBytes {
		fail(w, http.StatusBadRequest, "a key has 1 to %d bytes", maxKeyBytes)
		return "", false
	}
	return key, true
}

// apply answers once the command is committed and applied, with its place in raft's log.
func (s *server) apply(w http.ResponseWriter, r *http.Request, c command) {
	if !s.here(w, r) {
		return
	}
	future := s.node.raft.Apply(c.encode(), patience)
	if err := future.Error(); err != nil {
		failRaft(w, err)
		return
	}
	if err, bad := future.Response().(error); bad {
		fail(w, http.StatusInternalServerError, "%v", err)
		return
	}
	answer(w, map[string]uint64{"index": future.Index()})
}

// failRaft answers with an error of raft's, and whether anything may have been done.
func failRaft(w http.ResponseWriter, err error) {
	for _, early := range []error{
		raft.ErrNotLeader, raft.ErrEnqueueTimeout, raft.ErrLeadershipTransferInProgress,
	} {
		if errors.Is(err, early) {
			fail(w, http.StatusServiceUnavailable, "%v: nothing was done, try again", err)
			return
		}
	}
	fail(w, http.StatusGatewayTimeout, "%v: it may be done or not", err)
}
