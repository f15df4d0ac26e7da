// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

var (
	minutes = flag.Float64("minutes", 0, "how long TestKills runs; 0: some seconds")
	seed    = flag.Uint64("seed", 1, "which nodes TestKills kills, and when")
)

const (
	shortPhase = 6 * time.Second
	longPhase  = 20 * time.Second
)

// Three nodes under load, killed at any time: one, now and then two, and all of them. At the end of
// each phase all logs and states have to be equal, with all that was acknowledged in them.
func TestKills(t *testing.T) {
	t.Parallel()
	phase, end := shortPhase, time.Now()
	if *minutes > 0 {
		phase, end = longPhase, end.Add(time.Duration(*minutes*float64(time.Minute)))
	}
	t.Logf("seed %d", *seed)
	random := rand.New(rand.NewPCG(*seed, 0))
	c := newCluster(t, "-trailing", "20000") // more than a phase stores
	l := newLoad(c, valueBytes)
	kills, led, checked := 0, 0, uint64(0)
	for once := true; once || time.Now().Before(end); once = false {
		l.start()
		kills += killFor(c, random, phase)
		l.stop(t)
		last, shared, more := finish(t, c, l, checked)
		checked, led = last, led+more
		t.Logf("%d acknowledged so far, %d reads, %d requests failed, %d kills, %d elections, "+
			"%d entries compared", l.count, l.reads.Load(), l.failed.Load(), kills, led, shared)
	}
	right := 0
	for _, p := range c.nodes {
		right += bytes.Count(p.said(1<<62), []byte(rightLine))
	}
	t.Logf("the verifier has found %d ranges right", right)
	if right == 0 {
		t.Fatal("the verifier has seen nothing")
	}
}

// killFor kills and starts nodes for some time; at its end all run. It says how many it has killed.
func killFor(c *cluster, random *rand.Rand, length time.Duration) int {
	pause := func(most int) {
		time.Sleep(time.Duration(100+random.IntN(most)) * time.Millisecond)
	}
	kills := 0
	for end := time.Now().Add(length); time.Now().Before(end); {
		pause(1500)
		count := 1
		switch random.IntN(10) {
		case 0:
			count = len(c.nodes)
		case 1, 2:
			count = 2
		}
		chosen := random.Perm(len(c.nodes))[:count]
		for _, k := range chosen {
			c.stop(c.nodes[k], syscall.SIGKILL)
			kills++
		}
		for _, k := range chosen {
			pause(700)
			c.start(c.nodes[k])
		}
	}
	return kills
}

// finish compares all there is, with the load stopped. The nodes are killed, so that their logs
// are what they have stored, and started again. It says what the last index is, and what
// compareLogs says.
func finish(t *testing.T, c *cluster, l *load, behind uint64) (last uint64, shared, led int) {
	t.Helper()
	last = c.settle()
	l.checkStates(t)
	for _, p := range c.nodes {
		c.stop(p, syscall.SIGKILL)
		said := p.said(1 << 62)
		if at := bytes.Index(said, []byte(wrongLine)); at >= 0 {
			t.Fatalf("%s: %.300s", p.id, said[at:])
		}
	}
	shared, led = compareLogs(t, c, behind, last, l.acked)
	for _, p := range c.nodes {
		c.start(p)
	}
	c.settle()
	l.checkStates(t)
	return last, shared, led
}
