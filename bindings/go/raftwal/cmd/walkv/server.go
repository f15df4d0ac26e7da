// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	maxKeyBytes     = 1 << 10
	maxValueBytes   = 1 << 20
	maxCommandBytes = 3*maxKeyBytes + maxValueBytes + 16 // an escaped byte takes three

	// patience is how long a request waits for a leader to be found, and for room in raft's queue.
	patience = 5 * time.Second
	look     = 10 * time.Millisecond
)

// A server answers by HTTP, for one node.
type server struct {
	node   *node
	http   *http.Server
	failed chan error // gets what ended it, if it wasn't stop
}

// startServer begins to answer.
func startServer(n *node, listener net.Listener) *server {
	s := &server{node: n, failed: make(chan error, 1)}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          n.logger.StandardLogger(&hclog.StandardLoggerOptions{}),
	}
	go func() {
		if err := s.http.Serve(listener); err != http.ErrServerClosed {
			s.failed <- err
		}
	}()
	return s
}

// stop lets requests under way come to their end.
func (s *server) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		s.node.logger.Warn("requests are cut off", "error", err)
		_ = s.http.Close()
	}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /kv/{key...}", s.get)
	mux.HandleFunc("PUT /kv/{key...}", s.put)
	mux.HandleFunc("DELETE /kv/{key...}", s.delete)
	mux.HandleFunc("GET /status", s.status)
	mux.HandleFunc("POST /join", s.join)
	mux.HandleFunc("POST /snapshot", s.snapshot)
	mux.HandleFunc("GET /backup", s.backup)
	mux.HandleFunc("POST /restore", s.restore)
	return mux
}

// here says whether this node is to answer, which is so when it leads. Else the answer has been
// given: where the leader is, or that there is none.
func (s *server) here(w http.ResponseWriter, r *http.Request) bool {
	for end := time.Now().Add(patience); ; {
		if s.node.leads() {
			return true
		}
		if id, address := s.node.leader(); address != "" && string(id) != s.node.options.id {
			there := *r.URL
			there.Scheme, there.Host = "http", address
			http.Redirect(w, r, there.String(), http.StatusTemporaryRedirect)
			return false
		}
		if time.Now().After(end) {
			fail(w, http.StatusServiceUnavailable, "no leader is known: nothing was done")
			return false
		}
		select {
		case <-time.After(look):
		case <-r.Context().Done():
			return false
		}
	}
}

func fail(w http.ResponseWriter, code int, format string, values ...any) {
	http.Error(w, fmt.Sprintf(format, values...), code)
}

func answer(w http.ResponseWriter, what any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(what) // it fails when the client has gone
}
