// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/hashicorp/raft"
)

func logRules() []rule {
	return []rule{
		{name: "log/empty", check: checkEmpty,
			says: "an empty store has indexes 0 and 0, and no logs"},
		{name: "log/fields", check: checkFields,
			says: "all six fields of a log come back, whatever they hold"},
		{name: "log/time", check: checkTimes,
			says: "AppendedAt comes back as the same moment, also where there is none"},
		{name: "log/overwrites", check: checkOverwrites,
			says: "GetLog sets each field of the log that it is given"},
		{name: "log/memory", check: checkMemory,
			says: "what is stored shares no memory with what was handed in, and what comes out none " +
				"with what is stored"},
		{name: "log/batches", check: checkBatches,
			says: "StoreLogs takes any number of logs, and none"},
		{name: "log/large", check: checkLarge,
			says: "logs of a MiB, and batches of many of them, are stored"},
		{name: "log/start", check: checkStart,
			says: "the first log may have any index from 1 on"},
	}
}

func checkEmpty(s *scene) error {
	return firstErr(
		s.hasNone,
		func() error { return s.lacks(0) },
		s.remove(0, 0), s.remove(1, 10), s.remove(0, 10), s.hasNone,
	)
}

func checkFields(s *scene) error {
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	logs := []*raft.Log{
		{},
		{Data: []byte{}, Extensions: []byte{}},
		{Data: []byte{0}},
		{Extensions: []byte{0}},
		{Data: binary, Extensions: binary[1:]},
		{Term: math.MaxUint64},
		{Term: 127}, {Term: 128}, {Term: 1 << 63},
		{Extensions: bytes.Repeat(binary, 20)},
	}
	for _, typ := range []raft.LogType{
		raft.LogCommand, raft.LogNoop, raft.LogAddPeerDeprecated, raft.LogRemovePeerDeprecated,
		raft.LogBarrier, raft.LogConfiguration, 200, 255,
	} {
		logs = append(logs, &raft.Log{Type: typ, Data: []byte("typed")})
	}
	for i, log := range logs {
		log.Index = uint64(i + 1)
	}
	return firstErr(
		func() error { return s.StoreLogs(logs) },
		func() error { return s.hasLogs(logs) },
	)
}

func checkTimes(s *scene) error {
	times := []time.Time{
		{}, time.Unix(0, 0), time.Unix(0, -1), time.Now(),
		time.Date(1969, 7, 20, 20, 17, 40, 999_999_999, time.UTC),
		time.Date(2300, 1, 1, 0, 0, 0, 1, time.FixedZone("east", 2*3600)),
		time.Date(1700, 1, 1, 0, 0, 0, 0, time.FixedZone("west", -5*3600-1800)),
	}
	for i, at := range times {
		log := &raft.Log{Index: uint64(i + 1), AppendedAt: at}
		if err := s.StoreLog(log); err != nil {
			return fmt.Errorf("storing %v: %w", at, err)
		}
		if err := s.gives(log); err != nil {
			return err
		}
		var got raft.Log
		if err := s.GetLog(log.Index, &got); err != nil {
			return err
		}
		if got.AppendedAt.IsZero() != at.IsZero() {
			return fmt.Errorf("IsZero of %v is %t", got.AppendedAt, got.AppendedAt.IsZero())
		}
	}
	return nil
}

func checkOverwrites(s *scene) error {
	want := &raft.Log{Index: 1}
	if err := s.StoreLog(want); err != nil {
		return err
	}
	got := *entry(77, 7)
	if err := s.GetLog(1, &got); err != nil {
		return err
	}
	return same(&got, want)
}

func checkMemory(s *scene) error {
	handed := entry(1, 1)
	if err := s.StoreLog(handed); err != nil {
		return err
	}
	spoil := func(log *raft.Log) {
		for _, data := range [][]byte{log.Data, log.Extensions} {
			for i := range data {
				data[i] = 'x'
			}
		}
	}
	spoil(handed)
	if err := s.gives(entry(1, 1)); err != nil {
		return fmt.Errorf("after a change of what was handed in: %w", err)
	}
	var got raft.Log
	if err := s.GetLog(1, &got); err != nil {
		return err
	}
	spoil(&got)
	if err := s.gives(entry(1, 1)); err != nil {
		return fmt.Errorf("after a change of what came out: %w", err)
	}
	var kept raft.Log
	if err := s.GetLog(1, &kept); err != nil {
		return err
	}
	_ = append(kept.Extensions, "overrun"...)
	_ = append(kept.Data, "overrun"...)
	if err := s.StoreLogs(entries(2, 50, 1)); err != nil {
		return err
	}
	for index := uint64(2); index <= 50; index++ {
		if err := s.gives(entry(index, 1)); err != nil {
			return err
		}
	}
	return same(&kept, entry(1, 1))
}

func checkBatches(s *scene) error {
	return firstErr(
		func() error { return s.StoreLogs(nil) },
		func() error { return s.StoreLogs([]*raft.Log{}) },
		s.hasNone,
		s.store(1, 1, 1),
		s.store(2, 65, 1),
		func() error { return s.StoreLog(entry(66, 1)) },
		s.store(67, 1000, 1),
		func() error { return s.StoreLogs(nil) },
		s.has(1, 1000, 1),
	)
}

func checkLarge(s *scene) error {
	var logs []*raft.Log
	for index := uint64(1); index <= 8; index++ {
		log := entry(index, 1)
		log.Data = bytes.Repeat([]byte{byte(index), 0, 'z'}, 1<<20/3+int(index))
		logs = append(logs, log)
	}
	return firstErr(
		func() error { return s.StoreLog(logs[0]) },
		func() error { return s.StoreLogs(logs[1:]) },
		func() error { return s.hasLogs(logs) },
	)
}

func checkStart(s *scene) error {
	return firstErr(
		s.store(1_000_000_007, 1_000_000_010, 3),
		s.has(1_000_000_007, 1_000_000_010, 3),
		s.store(1_000_000_011, 1_000_000_011, 3),
		s.has(1_000_000_007, 1_000_000_011, 3),
		s.remove(1_000_000_007, 1_000_000_011),
		s.hasNone,
		s.store(1<<40, 1<<40+2, 4),
		s.has(1<<40, 1<<40+2, 4),
	)
}
