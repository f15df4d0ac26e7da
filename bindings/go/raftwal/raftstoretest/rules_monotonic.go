// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"errors"
	"fmt"

	"github.com/hashicorp/raft"
)

func monotonicRules() []rule {
	return []rule{
		{name: "monotonic/declared", check: checkDeclared,
			says: "IsMonotonic is there and says true"},
		{name: "monotonic/gap", check: checkGap,
			says: "logs that would leave a gap are an error, and nothing is stored"},
		{name: "monotonic/gap-inside", check: checkGapInside,
			says: "logs with a gap between them, or in disorder, are an error, and nothing is stored"},
		{name: "monotonic/again", check: checkAgain,
			says: "an index that is there already is an error, and nothing is stored"},
		{name: "monotonic/hole", check: checkHole,
			says: "a range in the middle is an error, and nothing is deleted"},
		{name: "monotonic/zero", check: checkIndexZero,
			says: "index 0 is an error: to raft it means that there is no log"},
	}
}

func checkDeclared(s *scene) error {
	store, ok := s.Store.(raft.MonotonicLogStore)
	if !ok || !store.IsMonotonic() {
		return errors.New("it is not monotonic")
	}
	return nil
}

// refused checks that a call gives an error.
func refused(what string, call func() error) func() error {
	return func() error {
		if err := call(); err == nil {
			return fmt.Errorf("%s is no error", what)
		}
		return nil
	}
}

func checkGap(s *scene) error {
	return firstErr(
		s.store(1, 5, 1),
		refused("7 behind 5", s.store(7, 9, 1)), s.has(1, 5, 1),
		refused("1000 behind 5", s.store(1000, 1000, 1)), s.has(1, 5, 1),
		s.store(6, 6, 1), s.has(1, 6, 1),
	)
}

func checkGapInside(s *scene) error {
	call := func(indexes ...uint64) func() error {
		var logs []*raft.Log
		for _, index := range indexes {
			logs = append(logs, entry(index, 1))
		}
		return refused(fmt.Sprint(indexes), func() error { return s.StoreLogs(logs) })
	}
	return firstErr(
		call(1, 3), s.hasNone,
		s.store(1, 5, 1),
		call(6, 8), call(6, 7, 7), call(7, 6), call(6, 7, 9), s.has(1, 5, 1),
		s.store(6, 6, 1), s.has(1, 6, 1),
	)
}

func checkAgain(s *scene) error {
	return firstErr(
		s.store(5, 10, 1),
		refused("10 behind 10", s.store(10, 10, 2)),
		refused("7 to 12 behind 10", s.store(7, 12, 2)),
		refused("3 and 4 before 5", s.store(3, 4, 2)),
		s.has(5, 10, 1),
	)
}

func checkHole(s *scene) error {
	return firstErr(
		s.store(5, 10, 1),
		refused("deleting 7 to 8 of 5 to 10", s.remove(7, 8)),
		refused("deleting 6 to 9 of 5 to 10", s.remove(6, 9)),
		s.has(5, 10, 1),
		s.store(11, 11, 1), s.has(5, 11, 1),
	)
}

func checkIndexZero(s *scene) error {
	return firstErr(
		refused("index 0", s.store(0, 0, 1)),
		refused("index 0 and 1", s.store(0, 1, 1)),
		s.hasNone,
	)
}
