// SPDX-License-Identifier: Apache-2.0

package raftstoretest

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

func concurrentRules() []rule {
	return []rule{
		{name: "concurrent/read", check: checkReadBeside,
			says: "logs can be read beside StoreLogs and the deletion of old ones: whole, and all " +
				"that there are"},
		{name: "concurrent/suffix", check: checkSuffixBeside,
			says: "who reads beside the deletion of new logs gets the old one, the new one, or " +
				"raft.ErrLogNotFound"},
		{name: "concurrent/stable", check: checkStableBeside,
			says: "values can be stored and read beside StoreLogs"},
	}
}

// beside runs readers over and over until the writer is done, each at least once behind its start.
func beside(write func() error, readers ...func() error) error {
	var done atomic.Bool
	var group sync.WaitGroup
	errs := make([]error, len(readers))
	for i, read := range readers {
		group.Go(func() {
			errs[i] = caught(func() error {
				for !done.Load() {
					if err := read(); err != nil {
						return err
					}
					runtime.Gosched()
				}
				return read()
			})
		})
	}
	err := caught(write)
	done.Store(true)
	group.Wait()
	return errors.Join(append(errs, err)...)
}

func checkReadBeside(s *scene) error {
	const batches, size = 60, 8
	if err := s.store(1, size, 1)(); err != nil {
		return err
	}
	write := func() error {
		for batch := uint64(1); batch < batches; batch++ {
			last := (batch + 1) * size
			if err := s.store(batch*size+1, last, 1)(); err != nil {
				return err
			}
			if batch%10 == 0 {
				if err := s.remove(1, last-3*size)(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return beside(write, s.readAll, s.readAll, s.readAll)
}

// readAll reads what there is while logs are stored and old ones deleted.
func (s *scene) readAll() error {
	first, err := s.FirstIndex()
	if err != nil {
		return err
	}
	last, err := s.LastIndex()
	if err != nil {
		return err
	}
	for index := first; index <= last; index++ {
		var got raft.Log
		err := s.GetLog(index, &got)
		if err == raft.ErrLogNotFound {
			if now, firstErr := s.FirstIndex(); firstErr != nil || index >= now {
				return fmt.Errorf("index %d isn't there: %w, the first is %d, %v", index, err, now,
					firstErr)
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("GetLog(%d): %w", index, err)
		}
		if err := same(&got, entry(index, 1)); err != nil {
			return err
		}
	}
	return nil
}

func checkSuffixBeside(s *scene) error {
	if err := s.store(1, 10, 1)(); err != nil {
		return err
	}
	var terms atomic.Uint64
	terms.Store(1)
	write := func() error {
		for term := uint64(2); term < 40; term++ {
			if err := s.remove(6, 10)(); err != nil {
				return err
			}
			terms.Store(term)
			if err := s.store(6, 10, term)(); err != nil {
				return err
			}
		}
		return nil
	}
	read := func() error {
		for index := uint64(1); index <= 10; index++ {
			oldest := terms.Load()
			var got raft.Log
			err := s.GetLog(index, &got)
			newest := terms.Load()
			switch {
			case err == raft.ErrLogNotFound && index > 5:
			case err != nil:
				return fmt.Errorf("GetLog(%d): %w", index, err)
			case index > 5 && (got.Term+1 < oldest || got.Term > newest):
				return fmt.Errorf("index %d has term %d between %d and %d", index, got.Term, oldest,
					newest)
			default:
				if err := same(&got, entry(index, got.Term)); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return beside(write, read, read)
}

func checkStableBeside(s *scene) error {
	var set [2]atomic.Uint64
	setAll := func(i int) func() error {
		return func() error {
			for n := uint64(1); n <= 25; n++ {
				if err := s.setNumber(fmt.Sprint("key-", i), n)(); err != nil {
					return err
				}
				set[i].Store(n)
			}
			return nil
		}
	}
	storeAll := func() error {
		for index := uint64(1); index <= 40; index++ {
			if err := s.store(index, index, 1)(); err != nil {
				return err
			}
		}
		return nil
	}
	read := func() error {
		for i := range set {
			least := set[i].Load()
			n, err := s.GetUint64(fmt.Append(nil, "key-", i))
			if most := set[i].Load() + 1; err != nil && least > 0 || n < least || n > most {
				return fmt.Errorf("key-%d is %d, %v between %d and %d", i, n, err, least, most)
			}
		}
		return nil
	}
	return firstErr(
		func() error { return beside(together(storeAll, setAll(0), setAll(1)), read, read) },
		s.has(1, 40, 1), s.number("key-0", 25), s.number("key-1", 25),
	)
}

// together runs functions at the same time.
func together(all ...func() error) func() error {
	return func() error {
		var group sync.WaitGroup
		errs := make([]error, len(all))
		for i, f := range all {
			group.Go(func() { errs[i] = caught(f) })
		}
		group.Wait()
		return errors.Join(errs...)
	}
}
