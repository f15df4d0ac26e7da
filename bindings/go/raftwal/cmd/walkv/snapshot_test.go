// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/http"
	"syscall"
	"testing"
)

// putFor puts so many values, or a few more.
func (l *load) putFor(t testing.TB, count int) {
	t.Helper()
	l.start()
	l.waitFor(t, count)
	l.stop(t)
}

// waitFor waits until so many more values are acknowledged.
func (l *load) waitFor(t testing.TB, count int) {
	t.Helper()
	start := l.total()
	eventually(t, "acknowledged values", func() bool { return l.total() >= start+count })
}

// A node that is down while the others trim their logs gets their snapshot, then what is behind it.
func TestFarBehind(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "-trailing", "10")
	l := newLoad(c, valueBytes)
	l.putFor(t, 50)
	behind := c.follower()
	before, err := behind.status()
	check(t, err)
	c.stop(behind, syscall.SIGKILL)
	l.putFor(t, 300)
	for _, p := range c.nodes {
		if p == behind {
			continue
		}
		check(t, call(http.MethodPost, p.http(), "/snapshot", nil, nil))
		s, err := p.status()
		check(t, err)
		if s.First <= before.Last {
			t.Fatalf("the log of %s begins at %d, and is needed from %d on", p.id, s.First,
				before.Last+1)
		}
	}
	c.start(behind)
	l.putFor(t, 50)
	c.settle()
	after, err := behind.status()
	check(t, err)
	if after.Snapshot == 0 || after.First <= before.Last {
		t.Fatalf("it has got no snapshot: %+v", after)
	}
	finish(t, c, l, 0)
}

// foreign makes a backup one of another cluster, whose nodes have the same names.
func foreign(t testing.TB, backup []byte) []byte {
	t.Helper()
	s, err := readState(bytes.NewReader(backup))
	check(t, err)
	s.nodes = map[string]string{"n1": "127.0.0.1:1", "n2": "127.0.0.1:1", "n3": "127.0.0.1:1"}
	var content bytes.Buffer
	check(t, s.write(&content))
	return content.Bytes()
}

// The leader restores a backup, and gives it to all others. What comes behind it is added to it.
func TestRestore(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	l := newLoad(c, valueBytes)
	l.putFor(t, 100)
	c.settle()
	var backup []byte
	check(t, call(http.MethodGet, c.nodes[0].http(), "/backup", nil, &backup))
	saved := l.copyOfValues()
	l.putFor(t, 100)
	l.put("only/later", "x")
	var answer struct{ Keys int }
	check(t, call(http.MethodPost, c.follower().http(), "/restore", foreign(t, backup), &answer))
	if answer.Keys != len(saved) {
		t.Fatalf("%d keys are restored, not %d", answer.Keys, len(saved))
	}
	check(t, call(http.MethodDelete, c.follower().http(), "/kv/none", nil, nil)) // goes to the leader
	l.values = saved
	c.settle()
	l.checkStates(t)
	l.putFor(t, 100)
	finish(t, c, l, 0)

	// what is no backup, or not all of it, changes nothing
	for _, bad := range [][]byte{nil, backup[:len(backup)-1], append(backup, 0), []byte("junk")} {
		err := call(http.MethodPost, c.nodes[0].http(), "/restore", bad, nil)
		if problem, is := err.(*statusError); !is || problem.code != http.StatusBadRequest {
			t.Fatalf("a restore of %.20q: %v", bad, err)
		}
	}
	l.checkStates(t)
}
