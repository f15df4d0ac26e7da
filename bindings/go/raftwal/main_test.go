// SPDX-License-Identifier: Apache-2.0

package raftwal_test

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// childVariable names what a process that a test has started is to do in place of the tests.
const childVariable = "RAFTWAL_CHILD"

// TestMain runs the tests, behind which no goroutine may be left.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		storeUntilKilled(os.Args[1])
		return
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	for range 200 {
		if code != 0 || runtime.NumGoroutine() <= before {
			os.Exit(code)
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	fmt.Printf("%d goroutines, not %d:\n%s\n", runtime.NumGoroutine(), before,
		stacks[:runtime.Stack(stacks, true)])
	os.Exit(1)
}
