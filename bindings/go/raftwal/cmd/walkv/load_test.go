// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	clients       = 8
	keysPerClient = 200
	valueBytes    = 100
)

// A load is clients that put values, each under keys of its own, and again until it is
// acknowledged. Now and then they read what they have put.
type load struct {
	cluster *cluster
	size    int // of a value, about
	stopped atomic.Bool
	done    sync.WaitGroup
	failed  atomic.Uint64 // requests
	reads   atomic.Uint64

	mu     sync.Mutex // protects what follows
	acked  map[uint64]string
	values map[string]string
	count  int
	wrong  []string
}

func newLoad(c *cluster, size int) *load {
	l := &load{cluster: c, size: size, values: make(map[string]string)}
	c.t.Cleanup(func() { l.stopped.Store(true) }) // of a test that has failed
	return l
}

// start lets the clients go on. They stop by themselves in stop only, each with its last command
// acknowledged.
func (l *load) start() {
	l.stopped.Store(false)
	l.acked = make(map[uint64]string)
	for k := range clients {
		l.done.Add(1)
		go func() {
			defer l.done.Done()
			l.client(k)
		}()
	}
	l.done.Add(1)
	go func() {
		defer l.done.Done()
		for n := 0; !l.stopped.Load(); n++ {
			l.put(checkpointKey, fmt.Sprint(n))
			time.Sleep(50 * time.Millisecond)
		}
	}()
}

func (l *load) stop(t testing.TB) {
	t.Helper()
	l.stopped.Store(true)
	l.done.Wait()
	if len(l.wrong) > 0 {
		t.Fatalf("%d answers were wrong; the first: %s", len(l.wrong), l.wrong[0])
	}
}

func (l *load) total() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *load) copyOfValues() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.values)
}

func (l *load) client(k int) {
	for n := 0; !l.stopped.Load(); n++ {
		key := fmt.Sprintf("%d/%d", k, rand.IntN(keysPerClient))
		value := fmt.Sprintf("%d at %d %s", n, time.Now().UnixNano(), strings.Repeat("x", l.size))
		l.put(key, value)
		if n%5 == 0 {
			l.get(key, value)
		}
	}
}

func (l *load) put(key, value string) {
	var answer struct{ Index uint64 }
	l.insist(http.MethodPut, "/kv/"+key, []byte(value), &answer)
	text := string(command{opPut, key, []byte(value)}.encode())
	l.mu.Lock()
	defer l.mu.Unlock()
	if other, twice := l.acked[answer.Index]; twice {
		l.wrong = append(l.wrong, fmt.Sprintf("index %d is %.40q and %.40q", answer.Index, other,
			text))
	}
	l.acked[answer.Index] = text
	l.values[key] = value
	l.count++
}

// get reads what this client has put last, which nobody else changes.
func (l *load) get(key, want string) {
	var got []byte
	l.insist(http.MethodGet, "/kv/"+key, nil, &got)
	l.reads.Add(1)
	if string(got) != want {
		l.isWrong("%s is %.60q, not %.60q", key, got, want)
	}
}

// insist asks one node after the other until there is an answer.
func (l *load) insist(method, path string, body []byte, answer any) {
	for end := time.Now().Add(limit); ; {
		node := l.cluster.nodes[rand.IntN(len(l.cluster.nodes))]
		err := call(method, node.http(), path, body, answer)
		if err == nil {
			return
		}
		l.failed.Add(1)
		problem, is := err.(*statusError)
		if is && problem.code < 500 || time.Now().After(end) {
			l.isWrong("%s %s: %v", method, path, err)
			return
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
}

func (l *load) isWrong(format string, values ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(format, values...))
}

// checkStates compares each node's state with what was acknowledged.
func (l *load) checkStates(t testing.TB) {
	t.Helper()
	for _, p := range l.cluster.nodes {
		var content []byte
		check(t, call(http.MethodGet, p.http(), "/backup", nil, &content))
		s, err := readState(bytes.NewReader(content))
		check(t, err)
		if len(s.values) != len(l.values) {
			t.Errorf("%s has %d keys, not %d", p.id, len(s.values), len(l.values))
		}
		for key, value := range l.values {
			if got := string(s.values[key]); got != value {
				t.Fatalf("%s has %.60q under %s, not %.60q", p.id, got, key, value)
			}
		}
	}
}
