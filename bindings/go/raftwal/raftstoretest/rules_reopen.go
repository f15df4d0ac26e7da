// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/hashicorp/raft"
)

func reopenRules() []rule {
	return []rule{
		{name: "reopen/all", check: func(s *scene) error { return checkAgainOpen(s, s.reopen) },
			says: "logs, values and commit index are there after closing and opening"},
		{name: "crash/all", crash: true,
			check: func(s *scene) error { return checkAgainOpen(s, s.crash) },
			says:  "what calls have acknowledged is there after a crash"},
		{name: "reopen/deleted", check: func(s *scene) error { return checkStaysDeleted(s, s.reopen) },
			says: "deleted logs stay deleted after closing and opening"},
		{name: "crash/deleted", crash: true,
			check: func(s *scene) error { return checkStaysDeleted(s, s.crash) },
			says:  "deleted logs stay deleted after a crash"},
		{name: "reopen/commit", check: func(s *scene) error { return checkCommitStays(s, s.reopen) },
			says: "the commit index is there after closing and opening"},
		{name: "crash/commit", crash: true,
			check: func(s *scene) error { return checkCommitStays(s, s.crash) },
			says:  "the commit index is there after a crash, a staged one isn't"},
		{name: "closed", check: checkClosed,
			says: "a closed store gives errors, not logs"},
		{name: "random/calls", check: func(s *scene) error { return checkRandom(s, nil) },
			says: "any sequence of calls as raft makes them leaves the logs that it should"},
		{name: "random/reopen", check: func(s *scene) error { return checkRandom(s, s.reopen) },
			says: "so it does with closing and opening in between"},
		{name: "random/crash", crash: true,
			check: func(s *scene) error { return checkRandom(s, s.crash) },
			says:  "so it does with crashes in between"},
	}
}

func checkAgainOpen(s *scene, again func() error) error {
	return firstErr(
		again, s.hasNone,
		s.store(1, 20, 1), s.set("LastVoteCand", "server-1"), s.setNumber("CurrentTerm", 1<<63),
		again,
		s.has(1, 20, 1), s.value("LastVoteCand", "server-1"), s.number("CurrentTerm", 1<<63),
		s.store(21, 30, 1), s.set("LastVoteCand", "server-2"), s.setNumber("CurrentTerm", 2),
		again,
		s.has(1, 30, 1), s.value("LastVoteCand", "server-2"), s.number("CurrentTerm", 2),
		s.store(31, 31, 1), s.has(1, 31, 1),
	)
}

func checkStaysDeleted(s *scene, again func() error) error {
	return firstErr(
		s.store(1, 20, 1), s.remove(1, 5), again, s.has(6, 20, 1),
		s.remove(16, 20), again, s.has(6, 15, 1),
		s.store(16, 18, 2), s.remove(6, 15), again, s.has(16, 18, 2),
		s.remove(16, 18), again, s.hasNone,
		s.store(100, 110, 3), again, s.has(100, 110, 3),
		s.remove(100, 110), again, s.store(50, 55, 4), again, s.has(50, 55, 4),
	)
}

func checkCommitStays(s *scene, again func() error) error {
	return firstErr(
		s.commit(0), again, s.commit(0),
		s.stage(4), s.store(1, 5, 1), again, s.commit(4),
		s.stage(5), again, s.commit(4),
		s.store(6, 8, 1), s.commit(4),
		s.stage(8), s.store(9, 9, 1), s.commit(8),
		s.remove(7, 9), again, s.commit(6),
		s.store(7, 9, 2), again, s.commit(6),
	)
}

func checkClosed(s *scene) error {
	if err := s.store(1, 5, 1)(); err != nil {
		return err
	}
	store := s.Store
	if err := s.stop(); err != nil {
		return err
	}
	old := &scene{Store: store}
	_, firstErr := store.FirstIndex()
	_, lastErr := store.LastIndex()
	_, getErr := store.Get([]byte("key"))
	for what, err := range map[string]error{
		"FirstIndex":  firstErr,
		"LastIndex":   lastErr,
		"Get":         getErr,
		"GetLog":      store.GetLog(1, new(raft.Log)),
		"StoreLogs":   old.store(6, 6, 1)(),
		"DeleteRange": old.remove(1, 2)(),
		"Set":         old.set("key", "value")(),
	} {
		if err == nil || errors.Is(err, raft.ErrLogNotFound) {
			return fmt.Errorf("%s of a closed store gives %v", what, err)
		}
	}
	if err := s.start(); err != nil {
		return err
	}
	return s.has(1, 5, 1)()
}

// checkRandom compares the store with a slice, over calls that raft may make.
func checkRandom(s *scene, again func() error) error {
	for seed := range uint64(3) {
		m := &model{scene: s, random: rand.New(rand.NewPCG(seed, 1)), next: 1, term: 1}
		if err := m.clear(); err != nil {
			return err
		}
		for step := range 60 {
			if err := m.step(again); err != nil {
				return fmt.Errorf("seed %d, step %d: %w", seed, step, err)
			}
		}
	}
	return nil
}

// model is what should be in the store.
type model struct {
	*scene
	random *rand.Rand
	logs   []*raft.Log
	next   uint64
	term   uint64
}

func (m *model) clear() error {
	first, err := m.FirstIndex()
	if err != nil || first == 0 {
		return err
	}
	last, err := m.LastIndex()
	if err != nil {
		return err
	}
	return m.DeleteRange(first, last)
}

func (m *model) step(again func() error) error {
	first, n := m.next-uint64(len(m.logs)), uint64(len(m.logs))
	var err error
	switch kind := m.random.IntN(12); {
	case kind < 6: // raft appends
		logs := entries(m.next, m.next+m.random.Uint64N(12), m.term)
		err = m.StoreLogs(logs)
		m.logs = append(m.logs, logs...)
		m.next += uint64(len(logs))
	case kind < 8 && n > 0: // a snapshot was made
		cut := m.random.Uint64N(n)
		err = m.DeleteRange(first, first+cut)
		m.logs = m.logs[cut+1:]
	case kind < 10 && n > 0: // another leader has other logs
		m.term++
		cut := m.random.Uint64N(n)
		err = m.DeleteRange(first+cut, m.next-1)
		m.logs = m.logs[:cut]
		m.next = first + cut
	case kind < 11 && n > 0: // a snapshot was restored
		err = m.DeleteRange(first, m.next-1)
		m.logs = nil
		m.next += m.random.Uint64N(100)
	case again != nil:
		err = again()
	}
	if err != nil {
		return err
	}
	if err := m.setNumber("CurrentTerm", m.term)(); err != nil {
		return err
	}
	return errors.Join(m.number("CurrentTerm", m.term)(), m.hasLogs(m.logs))
}
