// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// childVariable names what a process that a test has started is to do in place of the tests.
const childVariable = "LIBWAL_GO_CHILD"

var children = map[string]func(path string){
	"writer": writeUntilKilled,
	"ticker": writeOnRequest,
	"loser":  loseAll,
	"parent": appendAfterAFork,
	"poor":   appendWithoutMemory,
}

// mostThreads is what all tests together may leave: Go keeps threads, so those that wait for disks
// at the same time add up to no more than a log's slots, and some for the runtime and the tests.
const mostThreads = 64 + 48

// TestMain runs the tests, behind which no goroutine and no descriptor may be left.
func TestMain(m *testing.M) {
	if do, ok := children[os.Getenv(childVariable)]; ok {
		do(os.Args[1])
		return
	}
	goroutines, descriptors := runtime.NumGoroutine(), len(openFiles())
	code := m.Run()
	if code == 0 {
		code = lookForLeaks(goroutines, descriptors)
	}
	os.Exit(code)
}

func lookForLeaks(goroutines, descriptors int) int {
	for range 200 {
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	switch {
	case runtime.NumGoroutine() > goroutines:
		stacks := make([]byte, 1<<20)
		fmt.Printf("%d goroutines, not %d:\n%s\n", runtime.NumGoroutine(), goroutines,
			stacks[:runtime.Stack(stacks, true)])
	case len(openFiles()) > descriptors+2: // the runtime's poller
		fmt.Printf("%d descriptors, not %d: %q\n", len(openFiles()), descriptors, openFiles())
	case threads() > mostThreads:
		fmt.Printf("%d threads\n", threads())
	default:
		return 0
	}
	return 1
}

// threads counts those of this process.
func threads() int {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		panic(err)
	}
	return len(tasks)
}

// openFiles gives what each of the process's descriptors stands for.
func openFiles() map[string]string {
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		panic(err)
	}
	files := make(map[string]string)
	for _, name := range names {
		if to, err := os.Readlink("/proc/self/fd/" + name.Name()); err == nil {
			files[name.Name()] = to
		}
	}
	return files
}
