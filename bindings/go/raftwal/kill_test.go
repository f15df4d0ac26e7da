// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/hashicorp/raft"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/raftwal"
)

// A process that is killed leaves all that it has said is stored, whole batches, and each commit
// index with its batch.
func TestKilled(t *testing.T) {
	path := newPath(t)
	random := rand.New(rand.NewPCG(1, 2))
	stored := 0
	for round := range 12 {
		said := killed(t, path, round, 1+random.IntN(120))
		store := open(t, path)
		last, err := store.LastIndex()
		check(t, err)
		if last < said.last || last > said.last+batchSize {
			t.Fatalf("the last index is %d after %d", last, said.last)
		}
		checkKilled(t, store, last, uint64(round))
		term, err := store.GetUint64([]byte("CurrentTerm"))
		check(t, err)
		if term < said.term || term > said.term+1 {
			t.Fatalf("the term is %d after %d", term, said.term)
		}
		check(t, store.Close())
		stored = int(last)
	}
	t.Logf("%d logs stored", stored)
}

// The child stores batches of this many logs, whose last index goes with each as commit index less
// one; each tenth time it deletes a part of the last one, each 20th all but the newest.
const batchSize = 7

type said struct{ last, term uint64 }

// killed runs a child until it has said so many lines, and gives the last one that was whole.
func killed(t *testing.T, path string, round, lines int) said {
	t.Helper()
	child := exec.Command(os.Args[0], path)
	child.Env = append(os.Environ(), fmt.Sprint(childVariable, "=", round+1))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	defer func() { _ = child.Wait() }()
	reader := bufio.NewReader(out)
	var newest said
	for n := 0; ; n++ {
		if n == lines {
			check(t, child.Process.Kill())
		}
		line, err := reader.ReadString('\n')
		if err != nil {
			return newest
		}
		_, err = fmt.Sscan(line, &newest.last, &newest.term)
		check(t, err)
	}
}

func checkKilled(t *testing.T, store *raftwal.Store, last, round uint64) {
	t.Helper()
	first, err := store.FirstIndex()
	check(t, err)
	for index := first; index <= last && last > 0; index++ {
		var log raft.Log
		check(t, store.GetLog(index, &log))
		if !bytes.Equal(log.Data, []byte(data(index, log.Term))) {
			t.Fatalf("index %d has %q", index, log.Data)
		}
	}
	if last > 0 && last%batchSize != 0 {
		t.Fatalf("round %d: a batch ends at %d", round, last)
	}
	want := uint64(0)
	if last > 0 {
		want = last - 1
	}
	commitIndex(t, store, want)
}

// storeUntilKilled says the last index and the term behind each call.
func storeUntilKilled(path string) {
	stop := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	store, err := raftwal.Open(path, wal.WithSegmentBytes(64<<10))
	stop(err)
	last, err := store.LastIndex()
	stop(err)
	term, err := store.GetUint64([]byte("CurrentTerm"))
	stop(err)
	for n := 1; ; n++ {
		next := last + batchSize
		stop(store.StageCommitIndex(next - 1))
		stop(store.StoreLogs(logs(last+1, next, term)))
		last = next
		fmt.Println(last, term)
		if n%5 == 0 {
			stop(store.SetUint64([]byte("CurrentTerm"), term+1))
			term++
			fmt.Println(last, term)
		}
		if n%10 == 0 {
			stop(store.StageCommitIndex(last - 1))
			stop(store.ReplaceSuffix(logs(last-batchSize+1, last, term)))
			fmt.Println(last, term)
		}
		if n%20 == 0 {
			stop(store.DeleteRange(1, last-3*batchSize))
			fmt.Println(last, term)
		}
	}
}
