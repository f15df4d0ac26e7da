// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/libwal/libwal/bindings/go/raftwal/internal/fault"
)

// childVariable makes walkv of this test program, with raft-wal's verifier around its log, and with
// signals that break the disk below it.
const childVariable = "WALKV_CHILD"

const (
	signalNoSync  = syscall.SIGUSR1
	signalNoSpace = syscall.SIGUSR2
)

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
		breakOnSignal(os.Args[1:])
		os.Exit(run(os.Args[1:], os.Stderr, newVerified))
	}
	os.Exit(m.Run())
}

func breakOnSignal(args []string) {
	o, err := parseOptions(args, os.Stderr)
	if err != nil {
		os.Exit(exitUsage)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, signalNoSync, signalNoSpace)
	go func() {
		for got := range signals {
			var err error
			if got == signalNoSync {
				err = fault.BreakSync(filepath.Join(o.dir, logName))
			} else {
				err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1, Max: 1})
			}
			if err != nil {
				panic(err)
			}
		}
	}()
}
