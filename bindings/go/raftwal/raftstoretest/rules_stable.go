// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"bytes"
	"fmt"
	"math"

	"github.com/hashicorp/raft"
)

func stableRules() []rule {
	return []rule{
		{name: "stable/missing", check: checkMissing,
			says: "a key that isn't there is an empty value, or 0, or the error that raft knows"},
		{name: "stable/missing-quiet", check: checkMissingQuiet,
			says: "a key that isn't there is no error, as StableStore has it"},
		{name: "stable/values", check: checkValues,
			says: "values come back, the newest one of each key"},
		{name: "stable/numbers", check: checkNumbers,
			says: "numbers come back, the newest one of each key"},
		{name: "stable/memory", check: checkStableMemory,
			says: "values share no memory with what was handed in or what came out"},
		{name: "stable/beside-logs", check: checkBesideLogs,
			says: "logs and values don't touch each other, also when all logs are deleted"},
	}
}

// missing checks a key without a value. Raft compares the error's text.
func (s *scene) missing(key string) error {
	const known = "not found"
	value, err := s.Get([]byte(key))
	if err != nil && err.Error() != known || len(value) != 0 {
		return fmt.Errorf("Get(%q) of none gives %q, %v", key, value, err)
	}
	number, err := s.GetUint64([]byte(key))
	if err != nil && err.Error() != known || number != 0 {
		return fmt.Errorf("GetUint64(%q) of none gives %d, %v", key, number, err)
	}
	return nil
}

func (s *scene) value(key, want string) func() error {
	return func() error {
		got, err := s.Get([]byte(key))
		if err != nil || string(got) != want {
			return fmt.Errorf("%q is %.40q, %v, not %.40q", key, got, err, want)
		}
		return nil
	}
}

func (s *scene) set(key, value string) func() error {
	return func() error { return s.Set([]byte(key), []byte(value)) }
}

func (s *scene) number(key string, want uint64) func() error {
	return func() error {
		got, err := s.GetUint64([]byte(key))
		if err != nil || got != want {
			return fmt.Errorf("%q is %d, %v, not %d", key, got, err, want)
		}
		return nil
	}
}

func (s *scene) setNumber(key string, value uint64) func() error {
	return func() error { return s.SetUint64([]byte(key), value) }
}

func checkMissing(s *scene) error {
	return firstErr(
		func() error { return s.missing("LastVoteCand") },
		s.set("a", "value"), s.setNumber("b", 1),
		func() error { return s.missing("c") },
		func() error { return s.missing("aa") },
	)
}

func checkMissingQuiet(s *scene) error {
	value, err := s.Get([]byte("LastVoteCand"))
	if err != nil || len(value) != 0 {
		return fmt.Errorf("a missing value is %q, %v", value, err)
	}
	number, err := s.GetUint64([]byte("CurrentTerm"))
	if err != nil || number != 0 {
		return fmt.Errorf("a missing number is %d, %v", number, err)
	}
	return nil
}

func checkValues(s *scene) error {
	long := string(bytes.Repeat([]byte("v\x00"), 400))
	steps := []func() error{
		s.set("LastVoteCand", "server-1"), s.value("LastVoteCand", "server-1"),
		s.set("LastVoteCand", "s"), s.value("LastVoteCand", "s"),
		s.set("LastVoteCand", long), s.value("LastVoteCand", long),
		s.set("LastVoteCand", "server-2"),
		s.set("\x00\xff", "binary"), s.value("\x00\xff", "binary"),
	}
	for i := range 20 {
		steps = append(steps, s.set(fmt.Sprint("key-", i), fmt.Sprint("value-", i)))
	}
	for i := range 20 {
		steps = append(steps, s.value(fmt.Sprint("key-", i), fmt.Sprint("value-", i)))
	}
	return firstErr(append(steps, s.value("LastVoteCand", "server-2"))...)
}

func checkNumbers(s *scene) error {
	var steps []func() error
	for _, n := range []uint64{1, 0, 255, 256, 1 << 63, math.MaxUint64, 7} {
		steps = append(steps, s.setNumber("CurrentTerm", n), s.number("CurrentTerm", n))
	}
	steps = append(steps, s.setNumber("LastVoteTerm", 6), s.number("LastVoteTerm", 6),
		s.number("CurrentTerm", 7))
	return firstErr(steps...)
}

func checkStableMemory(s *scene) error {
	key, value := []byte("key"), []byte("value")
	if err := s.Set(key, value); err != nil {
		return err
	}
	copy(key, "xxx")
	copy(value, "xxxxx")
	if err := s.value("key", "value")(); err != nil {
		return fmt.Errorf("after a change of what was handed in: %w", err)
	}
	got, err := s.Get([]byte("key"))
	if err != nil {
		return err
	}
	copy(got, "xxxxx")
	if err := s.value("key", "value")(); err != nil {
		return fmt.Errorf("after a change of what came out: %w", err)
	}
	return nil
}

func checkBesideLogs(s *scene) error {
	return firstErr(
		s.setNumber("CurrentTerm", 3), s.set("LastVoteCand", "server-1"), s.hasNone,
		s.store(1, 20, 1), s.number("CurrentTerm", 3),
		s.setNumber("CurrentTerm", 4), s.has(1, 20, 1),
		s.remove(1, 20), s.hasNone,
		s.number("CurrentTerm", 4), s.value("LastVoteCand", "server-1"),
		s.store(100, 101, 5), s.has(100, 101, 5),
		s.number("CurrentTerm", 4), s.value("LastVoteCand", "server-1"),
	)
}

func commitRules() []rule {
	return []rule{
		{name: "commit/kept", check: checkCommitKept,
			says: "it has CommitTrackingLogStore, and a staged commit index comes back once logs " +
				"were stored behind it"},
		{name: "commit/with-logs", check: checkCommitWithLogs,
			says: "a staged commit index counts only with the next StoreLogs"},
		{name: "commit/bounded", check: checkCommitBounded,
			says: "the commit index is never above the last index, and 0 in an empty log"},
	}
}

func (s *scene) tracking() (raft.CommitTrackingLogStore, error) {
	store, ok := s.Store.(raft.CommitTrackingLogStore)
	if !ok {
		return nil, fmt.Errorf("%T is no raft.CommitTrackingLogStore", s.Store)
	}
	return store, nil
}

func (s *scene) stage(index uint64) func() error {
	return func() error {
		store, err := s.tracking()
		if err != nil {
			return err
		}
		return store.StageCommitIndex(index)
	}
}

func (s *scene) commit(want uint64) func() error {
	return func() error {
		store, err := s.tracking()
		if err != nil {
			return err
		}
		if got, err := store.GetCommitIndex(); err != nil || got != want {
			return fmt.Errorf("the commit index is %d, %v, not %d", got, err, want)
		}
		return nil
	}
}

func checkCommitKept(s *scene) error {
	return firstErr(
		s.commit(0),
		s.store(1, 5, 1), s.commit(0),
		s.stage(4), s.store(6, 8, 1), s.commit(4),
		s.store(9, 9, 1), s.commit(4),
		s.stage(9), s.store(10, 10, 1), s.commit(9),
	)
}

func checkCommitWithLogs(s *scene) error {
	return firstErr(
		s.store(1, 5, 1), s.stage(3), s.commit(0),
		s.store(6, 6, 1), s.commit(3),
		s.stage(5), s.stage(6), s.commit(3), s.store(7, 8, 1), s.commit(6),
	)
}

func checkCommitBounded(s *scene) error {
	return firstErr(
		s.stage(1), s.commit(0),
		s.stage(1000), s.store(1, 5, 1), s.commit(5),
		s.remove(4, 5), s.commit(3),
		s.remove(1, 3), s.commit(0), s.hasNone,
	)
}
