// SPDX-License-Identifier: Apache-2.0

// Package raftstoretest tells whether a store does what github.com/hashicorp/raft asks of its
// LogStore and StableStore: what the interfaces say, and what raft's code relies on without saying
// it. It is for the tests of any store:
//
//	func TestStore(t *testing.T) {
//		raftstoretest.Run(t, raftstoretest.Factory{
//			Open: func(dir string) (raftstoretest.Store, error) { return mystore.Open(dir) },
//		})
//	}
//
// Each rule is a subtest; [Rules] lists them. A store that is known to break one says so in
// Deviations, with the reason: then it is checked that it does break it, so that nothing stays on
// the list by mistake.
package raftstoretest

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/hashicorp/raft"
)

// A Store is what is tested. One that is an io.Closer is closed, before it is opened again, too.
type Store interface {
	raft.LogStore
	raft.StableStore
}

// A Factory makes stores.
type Factory struct {
	// Open opens the store that lies in the directory, which exists; the first time it is empty.
	Open func(dir string) (Store, error)

	// Dir makes an empty directory that is gone behind the test; nil: TempDir of the test.
	Dir func(t testing.TB) string

	// Copy copies the directory of an open store, in which no call is under way, to one that is
	// empty: what a crash of the process would leave. nil: file by file, byte by byte.
	Copy func(from, to string) error

	// NoCopy says why no such copy can be made. Rules of crashes are skipped with these words.
	NoCopy string

	// Deviations are the rules that the store is known to break, with the reason.
	Deviations map[string]string
}

// Rules gives the names of all rules, with what each one says.
func Rules() map[string]string {
	all := make(map[string]string)
	for _, r := range rules() {
		all[r.name] = r.says
	}
	return all
}

// A rule is something that a store has to keep to. Its check gives the first way in which it
// doesn't.
type rule struct {
	name  string
	says  string
	crash bool // it needs a copy of an open store's directory
	check func(s *scene) error
}

func rules() []rule {
	return slices.Concat(logRules(), deleteRules(), monotonicRules(), stableRules(), commitRules(),
		reopenRules(), concurrentRules())
}

// Run checks all rules.
func Run(t *testing.T, factory Factory) {
	names := make(map[string]bool)
	for _, r := range rules() {
		names[r.name] = true
		t.Run(r.name, func(t *testing.T) { runRule(t, factory, r) })
	}
	for name := range factory.Deviations {
		if !names[name] {
			t.Errorf("a deviation from %q, which is no rule", name)
		}
	}
}

func runRule(t *testing.T, factory Factory, r rule) {
	if r.crash && factory.NoCopy != "" {
		t.Skip(factory.NoCopy)
	}
	newDir := t.TempDir
	if factory.Dir != nil {
		newDir = func() string { return factory.Dir(t) }
	}
	s := &scene{factory: factory, dir: newDir(), newDir: newDir}
	err := s.start()
	if err != nil {
		t.Fatal(err)
	}
	err = caught(func() error { return r.check(s) })
	if closing := s.stop(); err == nil {
		err = closing
	}
	why, deviates := factory.Deviations[r.name]
	switch {
	case err != nil && deviates:
		t.Logf("a known deviation (%s): %v", why, err)
	case err != nil:
		t.Errorf("%s: %v", r.says, err)
	case deviates:
		t.Errorf("named as a deviation (%s), but the store keeps to it", why)
	}
}

// caught makes a panic an error.
func caught(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// A scene is a store with what a check may do to it besides calling it.
type scene struct {
	factory Factory
	dir     string
	newDir  func() string
	Store
}

func (s *scene) start() error {
	store, err := s.factory.Open(s.dir)
	if err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	s.Store = store
	return nil
}

func (s *scene) stop() error {
	store := s.Store
	s.Store = nil
	if closer, ok := store.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			return fmt.Errorf("closing: %w", err)
		}
	}
	return nil
}

func (s *scene) reopen() error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.start()
}

// crash goes on with what a crash would leave of the store.
func (s *scene) crash() error {
	to := s.newDir()
	copyDir := s.factory.Copy
	if copyDir == nil {
		copyDir = func(from, to string) error { return os.CopyFS(to, os.DirFS(from)) }
	}
	if err := copyDir(s.dir, to); err != nil {
		return fmt.Errorf("copying: %w", err)
	}
	if err := s.stop(); err != nil {
		return err
	}
	s.dir = to
	return s.start()
}
