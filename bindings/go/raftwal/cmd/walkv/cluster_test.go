// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// limit is for what must come, however slow the machine is.
const limit = 120 * time.Second

// A process is one walkv, which can be ended and started again.
type process struct {
	id      string
	dir     string
	host    string
	first   bool
	options []string
	command *exec.Cmd
	log     string        // its stderr
	ended   chan struct{} // closed when it has ended
}

// A cluster is three of them.
type cluster struct {
	t     testing.TB
	nodes []*process
	over  bool
}

var clusters atomic.Int32

// newCluster gives one of which all nodes are members.
func newCluster(t testing.TB, options ...string) *cluster {
	t.Helper()
	c := makeCluster(t, options...)
	c.begin()
	return c
}

// makeCluster makes nodes that are still to be started. Each has an address of its own, where
// nothing else is: so connections of others never take its ports while it is down.
func makeCluster(t testing.TB, options ...string) *cluster {
	t.Helper()
	c := &cluster{t: t}
	number, pid := clusters.Add(1), os.Getpid()
	dir := t.TempDir()
	for k := range 3 {
		id := fmt.Sprintf("n%d", k+1)
		p := &process{
			id: id, dir: filepath.Join(dir, id), log: filepath.Join(dir, id+".stderr"),
			first: k == 0,
			host:  fmt.Sprintf("127.%d.%d.%d", 64+pid>>8&127, pid&255, int(number)*4+k),
			options: append([]string{
				"-heartbeat", "300ms", "-snapshot-after", "3000",
			}, options...),
		}
		c.nodes = append(c.nodes, p)
	}
	t.Cleanup(c.end)
	return c
}

func (c *cluster) begin() {
	c.t.Helper()
	for _, p := range c.nodes {
		c.start(p)
	}
	for _, p := range c.nodes {
		eventually(c.t, p.id+" is a member", func() bool {
			s, err := p.status()
			return err == nil && len(s.Servers) == len(c.nodes) && s.Leader != ""
		})
	}
}

// end kills what still runs; when the test has failed it shows what the nodes have said.
func (c *cluster) end() {
	if c.over {
		return
	}
	for _, p := range c.nodes {
		if p.command != nil {
			_ = p.command.Process.Kill()
			<-p.ended
			p.command = nil
		}
		if c.t.Failed() {
			c.t.Logf("the end of what %s has said:\n%s", p.id, p.said(6000))
		}
	}
	c.over = true
}

func (p *process) said(most int64) []byte {
	all, err := os.ReadFile(p.log)
	if err != nil {
		return []byte(err.Error())
	}
	return all[max(0, int64(len(all))-most):]
}

func (c *cluster) start(p *process) {
	c.t.Helper()
	args := append([]string{
		"-id", p.id, "-dir", p.dir, "-raft", p.host + ":27001", "-http", p.http(),
	}, p.options...)
	if p.first {
		args = append(args, "-bootstrap")
	} else {
		args = append(args, "-join", c.nodes[0].http())
	}
	command := exec.Command(os.Args[0], args...)
	command.Env = append(os.Environ(), childVariable+"=1")
	stderr, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	check(c.t, err)
	command.Stderr = struct{ io.Writer }{stderr} // by a pipe, which no limit on files holds for
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(c.t, command.Start())
	p.command, p.ended = command, make(chan struct{})
	go func() {
		_ = command.Wait()
		stderr.Close()
		close(p.ended)
	}()
}

func (p *process) http() string { return p.host + ":28001" }

// stop ends a node that still runs, by a signal, and gives its exit code; -1: the signal's doing.
func (c *cluster) stop(p *process, signal syscall.Signal) int {
	c.t.Helper()
	select {
	case <-p.ended:
		c.t.Fatalf("%s has ended by itself: %v", p.id, p.command.ProcessState)
	default:
	}
	check(c.t, p.command.Process.Signal(signal))
	return c.awaitEnd(p)
}

func (c *cluster) awaitEnd(p *process) int {
	c.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(limit):
		c.t.Fatalf("%s doesn't end", p.id)
	}
	code := p.command.ProcessState.ExitCode()
	p.command = nil
	return code
}

func (p *process) status() (status, error) {
	var s status
	err := call(http.MethodGet, p.http(), "/status", nil, &s)
	return s, err
}

// call sends a request, and follows to the leader. An answer other than 200 is an error.
func call(method, host, path string, body []byte, answer any) error {
	request, err := http.NewRequest(method, "http://"+host+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return &statusError{response.StatusCode, string(bytes.TrimSpace(content))}
	}
	switch to := answer.(type) {
	case nil:
	case *[]byte:
		*to = content
	default:
		return json.Unmarshal(content, to)
	}
	return nil
}

var client = &http.Client{Timeout: limit / 4}

type statusError struct {
	code int
	text string
}

func (e *statusError) Error() string { return fmt.Sprintf("%d: %s", e.code, e.text) }

// leader waits for one.
func (c *cluster) leader() *process {
	c.t.Helper()
	var found *process
	eventually(c.t, "a leader", func() bool {
		for _, p := range c.nodes {
			if s, err := p.status(); err == nil && s.State == "Leader" && s.Address == p.http() {
				found = p
			}
		}
		return found != nil
	})
	return found
}

// follower gives one that runs and doesn't lead.
func (c *cluster) follower() *process {
	leader := c.leader()
	for _, p := range c.nodes {
		if p != leader && p.command != nil {
			return p
		}
	}
	c.t.Fatal("there is no follower")
	return nil
}

// settle waits until all nodes have applied all entries, and gives the last one's index.
func (c *cluster) settle() uint64 {
	c.t.Helper()
	var last uint64
	eventually(c.t, "all nodes have all entries", func() bool {
		last = 0
		for _, p := range c.nodes {
			s, err := p.status()
			if err != nil || s.Leader == "" || s.Applied != s.Last ||
				last != 0 && s.Last != last {
				return false
			}
			last = s.Last
		}
		return true
	})
	return last
}

func eventually(t testing.TB, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !f(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it never came: ", what)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
