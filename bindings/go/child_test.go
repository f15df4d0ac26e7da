// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
	"github.com/libwal/libwal/bindings/go/internal/fork"
)

// A child is this program once more, doing something else: see children.
type child struct {
	command *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
}

// startChild starts one; it is killed behind the test, if it still runs.
func startChild(t testing.TB, what string, arguments ...string) *child {
	t.Helper()
	c := exec.Command(os.Args[0], arguments...)
	c.Env = append(os.Environ(), childVariable+"="+what)
	c.Stderr = os.Stderr
	stdin := must(c.StdinPipe())(t)
	stdout := must(c.StdoutPipe())(t)
	check(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
	return &child{c, stdin, bufio.NewReader(stdout)}
}

// writeUntilKilled appends from several goroutines, by each way of waiting, and says which records
// it was told are durable.
func writeUntilKilled(path string) {
	log, err := wal.Open(path, wal.WithSegmentBytes(64<<10))
	if err != nil {
		panic(err)
	}
	var mu sync.Mutex // of the output
	say := func(writer, number int, lsn wal.LSN) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf("%d %d %d\n", lsn, writer, number)
	}
	for writer := range writers {
		go func() {
			for number := 0; ; number++ {
				lsn, err := appendAs(log, writer, number)
				if err != nil {
					panic(err)
				}
				say(writer, number, lsn)
			}
		}()
	}
	select {}
}

// writers are as many as there are ways to append durably.
const writers = 4

func appendAs(log *wal.Log, writer, number int) (wal.LSN, error) {
	data := writerPayload(writer, number)
	switch writer {
	case 0:
		return log.Append(background, data)
	case 1:
		lsn, err := log.AppendAsync(background, data)
		if err != nil {
			return 0, err
		}
		return lsn, log.Wait(background, lsn)
	case 2:
		batch, err := log.NewBatch()
		if err != nil {
			return 0, err
		}
		defer batch.Close()
		for range 3 {
			if err := batch.Append(data); err != nil {
				return 0, err
			}
		}
		_, last, err := batch.Commit(background, 0)
		return last, err
	default:
		first, err := log.AppendBatch(background, [][]byte{data, data, data})
		return first + 2, err
	}
}

func writerPayload(writer, number int) []byte {
	return []byte(fmt.Sprintf("%d %d ", writer, number) + strings.Repeat(".", number%500))
}

// writeOnRequest opens a log and does what its standard input says: a number of records to append
// durably, "truncate" or "reset"; it answers each with the last LSN.
func writeOnRequest(path string) {
	log, err := wal.Open(path, wal.WithSegmentRecords(10))
	if err != nil {
		panic(err)
	}
	defer log.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var count int
		switch word := lines.Text(); word {
		case "truncate":
			r, _ := log.Range()
			err = log.TruncateBefore(r.Next)
		default:
			_, err = fmt.Sscan(word, &count)
		}
		for range count {
			r, _ := log.Range()
			_, err = log.Append(background, payload(int(r.Next)))
		}
		if err != nil {
			panic(err)
		}
		r, _ := log.Range()
		fmt.Println(r.Last)
	}
}

// ask has a child do something, and gives its answer.
func (c *child) ask(t testing.TB, word string) string {
	t.Helper()
	must(io.WriteString(c.stdin, word+"\n"))(t)
	return strings.TrimSpace(must(c.stdout.ReadString('\n'))(t))
}

// appendAfterAFork forks without exec, which no Go program should: the child, which has one thread,
// only calls the library and ends. It says whether the child got ErrFork (42), and what the parent
// gets then.
func appendAfterAFork(path string) {
	log, err := wal.Open(path)
	if err != nil {
		panic(err)
	}
	debug.SetGCPercent(-1)
	runtime.LockOSThread()
	var status syscall.WaitStatus
	for tries := 0; tries < 30 && (tries == 0 || status.Signaled()); tries++ {
		child := fork.Fork()
		if child == 0 {
			_, appended := log.Append(background, nil)
			_, looked := log.Get(1, nil)
			both := errors.Is(appended, wal.ErrFork) && errors.Is(looked, wal.ErrFork)
			fork.Exit(map[bool]int{true: 42}[both])
		}
		if _, err := syscall.Wait4(child, &status, 0, nil); err != nil {
			panic(err)
		}
	}
	_, err = log.Append(background, nil)
	fmt.Println(status.ExitStatus(), err, log.Close())
}

// appendWithoutMemory appends a record that there is no memory for, and one behind it.
func appendWithoutMemory(path string) {
	log, err := wal.Open(path, wal.WithMaxRecordBytes(1<<30))
	if err != nil {
		panic(err)
	}
	large, err := syscall.Mmap(-1, 0, 512<<20, syscall.PROT_READ,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	debug.SetGCPercent(-1)
	var pages uint64
	if statm, err := os.ReadFile("/proc/self/statm"); err != nil {
		panic(err)
	} else if _, err := fmt.Sscan(string(statm), &pages); err != nil {
		panic(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &before); err != nil {
		panic(err)
	}
	setLimit := func(bytes uint64) {
		limit := syscall.Rlimit{Cur: bytes, Max: before.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_AS, &limit); err != nil {
			panic(err)
		}
	}
	setLimit(pages*uint64(os.Getpagesize()) + 64<<20)
	_, err = log.Append(background, large)
	setLimit(before.Cur)
	lsn, after := log.Append(background, []byte("small"))
	var e *wal.Error
	fmt.Println(errors.As(err, &e), errors.Is(err, wal.ErrNoMemory), e, lsn, after, log.Close())
}
