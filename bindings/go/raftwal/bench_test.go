// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/hashicorp/raft"
	hashicorpwal "github.com/hashicorp/raft-wal"
	raftbench "github.com/hashicorp/raft/bench"

	"github.com/libwal/libwal/bindings/go/raftwal/raftstoretest"
)

// Raft's own benchmarks, and two of the same for more and larger logs; HashiCorp's raft-wal and
// raft-boltdb beside. They write to the directory for temporary files: TMPDIR says on which disk.
//
//	go test -run - -bench . -benchtime 300x

// suited makes raft's benchmarks possible, which begin at index 0, leave gaps before what they
// delete, and use 256 stable keys.
type suited struct {
	raftstoretest.Store
	index func(uint64) uint64
}

func fromOne(index uint64) uint64 { return index + 1 }

// withoutGaps maps 0, 1, 2, 10, 11, 12, 20 ... to 1, 2, 3, 4 ..., and the end of a range to the
// last index in it.
func withoutGaps(index uint64) uint64 { return index/10*3 + min(index%10, 2) + 1 }

func (s suited) GetLog(index uint64, log *raft.Log) error {
	return s.Store.GetLog(s.index(index), log)
}

func (s suited) StoreLog(log *raft.Log) error { return s.StoreLogs([]*raft.Log{log}) }

func (s suited) StoreLogs(logs []*raft.Log) error {
	for _, log := range logs {
		log.Index = s.index(log.Index)
	}
	return s.Store.StoreLogs(logs)
}

func (s suited) DeleteRange(min, max uint64) error {
	return s.Store.DeleteRange(s.index(min), s.index(max))
}

func (s suited) Set(key, value []byte) error { return s.Store.Set(few(key), value) }

func (s suited) SetUint64(key []byte, value uint64) error {
	return s.Store.SetUint64(few(key), value)
}

func few(key []byte) []byte { return []byte{key[0]%32 + 1} }

func openHashicorpWAL(dir string) (raftstoretest.Store, error) { return hashicorpwal.Open(dir) }

func bench(b *testing.B, index func(uint64) uint64, f func(*testing.B, raftstoretest.Store)) {
	for _, kind := range []struct {
		name string
		open func(dir string) (raftstoretest.Store, error)
	}{{"raftwal", openIn}, {"raft-wal", openHashicorpWAL}, {"boltdb", openBolt}} {
		b.Run(kind.name, func(b *testing.B) {
			store, err := kind.open(b.TempDir())
			check(b, err)
			f(b, suited{store, index})
			b.StopTimer()
			check(b, store.(io.Closer).Close())
		})
	}
}

func benchLog(b *testing.B, index func(uint64) uint64, f func(*testing.B, raft.LogStore)) {
	bench(b, index, func(b *testing.B, s raftstoretest.Store) { f(b, s) })
}

func benchStable(b *testing.B, f func(*testing.B, raft.StableStore)) {
	bench(b, fromOne, func(b *testing.B, s raftstoretest.Store) { f(b, s) })
}

func BenchmarkFirstIndex(b *testing.B)  { benchLog(b, fromOne, raftbench.FirstIndex) }
func BenchmarkLastIndex(b *testing.B)   { benchLog(b, fromOne, raftbench.LastIndex) }
func BenchmarkGetLog(b *testing.B)      { benchLog(b, fromOne, raftbench.GetLog) }
func BenchmarkStoreLog(b *testing.B)    { benchLog(b, fromOne, raftbench.StoreLog) }
func BenchmarkStoreLogs(b *testing.B)   { benchLog(b, fromOne, raftbench.StoreLogs) }
func BenchmarkDeleteRange(b *testing.B) { benchLog(b, withoutGaps, raftbench.DeleteRange) }
func BenchmarkSet(b *testing.B)         { benchStable(b, raftbench.Set) }
func BenchmarkGet(b *testing.B)         { benchStable(b, raftbench.Get) }
func BenchmarkSetUint64(b *testing.B)   { benchStable(b, raftbench.SetUint64) }
func BenchmarkGetUint64(b *testing.B)   { benchStable(b, raftbench.GetUint64) }

// BenchmarkStoreMany stores 64 logs at a time.
func BenchmarkStoreMany(b *testing.B) {
	for _, size := range []int{128, 1024, 16 << 10} {
		b.Run(fmt.Sprint(size, "B"), func(b *testing.B) {
			benchLog(b, fromOne, func(b *testing.B, store raft.LogStore) { storeMany(b, store, size) })
		})
	}
}

func storeMany(b *testing.B, store raft.LogStore, size int) {
	content := make([]byte, size)
	b.SetBytes(int64(64 * size))
	b.ReportAllocs()
	for n := range b.N {
		batch := make([]*raft.Log, 64)
		for i := range batch {
			batch[i] = &raft.Log{Index: uint64(64*n + i), Term: 1, Data: content}
		}
		check(b, store.StoreLogs(batch))
	}
}

// BenchmarkGetMany reads logs one after the other.
func BenchmarkGetMany(b *testing.B) {
	benchLog(b, fromOne, func(b *testing.B, store raft.LogStore) {
		const logs = 10_000
		batch := make([]*raft.Log, logs)
		for i := range batch {
			batch[i] = &raft.Log{Index: uint64(i), Term: 1, Data: make([]byte, 256)}
		}
		check(b, store.StoreLogs(batch))
		b.ReportAllocs()
		b.ResetTimer()
		for n := range b.N {
			check(b, store.GetLog(uint64(n%logs), new(raft.Log)))
		}
	})
}
