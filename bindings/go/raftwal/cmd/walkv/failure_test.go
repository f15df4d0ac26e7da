// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A node whose log takes no change leaves, whether it leads or not. The others go on, and once it
// is started again it catches up.
func TestBrokenDisk(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	l := newLoad(c, valueBytes)
	for _, scene := range []struct {
		name   string
		signal syscall.Signal
		choose func() *process
		text   string
	}{
		{"a follower's sync fails", signalNoSync, c.follower, "Input/output error"},
		{"the leader's sync fails", signalNoSync, c.leader, "Input/output error"},
		{"a follower has no space", signalNoSpace, c.follower, "File too large"},
		{"the leader has no space", signalNoSpace, c.leader, "File too large"},
	} {
		fine := t.Run(scene.name, func(t *testing.T) {
			l.start()
			l.waitFor(t, 50)
			p := scene.choose()
			check(t, p.command.Process.Signal(scene.signal))
			leaves(t, c, l, p, scene.text)
			c.start(p)
			l.waitFor(t, 50)
			l.stop(t)
			finish(t, c, l, 0)
		})
		if !fine {
			break
		}
	}
}

// leaves waits for a node to end because of its log, and for the others to go on.
func leaves(t testing.TB, c *cluster, l *load, p *process, why string) {
	t.Helper()
	if code := c.awaitEnd(p); code != exitStorage {
		t.Fatalf("%s has ended with %d", p.id, code)
	}
	said := p.said(2000)
	if !bytes.Contains(said, []byte("the log can't be written: this node leaves")) ||
		!bytes.Contains(said, []byte(why)) || bytes.Contains(said, []byte("panic")) {
		t.Fatalf("%s says:\n%s", p.id, said)
	}
	l.waitFor(t, 50)
}

// The same on a file system that is full.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	c := makeCluster(t)
	p := c.nodes[2]
	check(t, os.Mkdir(p.dir, 0o777))
	err := syscall.Mount("tmpfs", p.dir, "tmpfs", 0, "size=64m")
	if errors.Is(err, syscall.EPERM) {
		t.Skip("only root can mount a file system of a certain size; TestBrokenDisk has a limit " +
			"on the size of files instead")
	}
	check(t, err)
	t.Cleanup(func() {
		c.end()
		check(t, syscall.Unmount(p.dir, 0))
	})
	c.begin()
	l := newLoad(c, 10_000)
	l.start()
	l.waitFor(t, 20)
	ballast := filepath.Join(p.dir, "ballast")
	fill(t, ballast)
	leaves(t, c, l, p, "No space left on device")
	check(t, os.Remove(ballast))
	c.start(p)
	l.waitFor(t, 20)
	l.stop(t)
	finish(t, c, l, 0)
}

// fill writes a file until there is no space left.
func fill(t testing.TB, path string) {
	t.Helper()
	file, err := os.Create(path)
	check(t, err)
	defer file.Close()
	for size := 1 << 20; size > 0; {
		_, err := file.Write(make([]byte, size))
		switch {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		default:
			check(t, err)
		}
	}
}
