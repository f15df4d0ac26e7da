// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// What clients see of a cluster that works, by the leader and by others.
func TestHTTP(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "-heartbeat", "1s") // a busy machine is to take no part in it
	leader, follower := c.leader(), c.follower()
	for k, host := range []string{leader.http(), follower.http()} {
		key := fmt.Sprintf("/kv/a%%20b/%d%%FF", k)
		var put, deleted struct{ Index uint64 }
		check(t, call(http.MethodPut, host, key, []byte("value\x00"), &put))
		var got []byte
		check(t, call(http.MethodGet, host, key, nil, &got))
		if string(got) != "value\x00" {
			t.Fatalf("%q", got)
		}
		c.settle()
		check(t, call(http.MethodGet, host, key+"?local", nil, &got))
		check(t, call(http.MethodDelete, host, key, nil, &deleted))
		if put.Index == 0 || deleted.Index <= put.Index {
			t.Fatalf("index %d, then %d", put.Index, deleted.Index)
		}
		refuses(t, http.StatusNotFound, http.MethodGet, host, key, nil)
		refuses(t, http.StatusBadRequest, http.MethodPut, host, "/kv/", nil)
		refuses(t, http.StatusBadRequest, http.MethodGet, host,
			"/kv/"+strings.Repeat("k", maxKeyBytes+1), nil)
		refuses(t, http.StatusRequestEntityTooLarge, http.MethodPut, host, "/kv/large",
			make([]byte, maxValueBytes+1))
		refuses(t, http.StatusMethodNotAllowed, http.MethodPost, host, "/kv/a", nil)
		refuses(t, http.StatusNotFound, http.MethodGet, host, "/", nil)
		for _, bad := range []string{"", "{}", `{"id": "x"}`, "junk"} {
			refuses(t, http.StatusBadRequest, http.MethodPost, host, "/join", []byte(bad))
		}
	}
	large(t, c)
	for _, p := range c.nodes {
		if code := c.stop(p, syscall.SIGTERM); code != exitFine {
			t.Errorf("%s has ended with %d after SIGTERM", p.id, code)
		}
	}
}

func refuses(t *testing.T, code int, method, host, path string, body []byte) {
	t.Helper()
	err := call(method, host, path, body, nil)
	if problem, is := err.(*statusError); !is || problem.code != code {
		t.Errorf("%s %.40s: %v, not %d", method, path, err, code)
	}
}

// large puts many of the largest values at a time, under the longest keys; walctl shows them.
func large(t *testing.T, c *cluster) {
	t.Helper()
	const count = 20
	value := bytes.Repeat([]byte("v"), maxValueBytes)
	l := newLoad(c, 0)
	var all sync.WaitGroup
	for k := range count {
		all.Go(func() {
			key := fmt.Sprintf("/kv/%s%02d", strings.Repeat("%FF", maxKeyBytes-2), k)
			l.insist(http.MethodPut, key, value, nil)
		})
	}
	all.Wait()
	l.stop(t)
	last := c.settle()
	s, err := c.nodes[0].status()
	check(t, err)
	if s.Keys != count {
		t.Fatalf("%d keys, not %d", s.Keys, count)
	}
	shown, err := exec.Command("walctl", "cat", "--decoder", "raft", "--from", fmt.Sprint(last),
		c.nodes[0].dir+"/"+logName).Output()
	check(t, err)
	want := fmt.Sprintf("%d\t0\tterm %d command put %%FF", last, s.Term)
	if !strings.HasPrefix(string(shown), want) || len(shown) < maxValueBytes {
		t.Fatalf("walctl shows %.100q, not %q", shown, want)
	}
}
