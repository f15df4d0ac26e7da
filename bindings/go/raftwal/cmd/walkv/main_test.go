// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"testing"
)

// childVariable makes walkv of this test program, with raft-wal's verifier around its log, and with
// signals that break its disk.
const childVariable = "WALKV_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		breakOnSignal()
		os.Exit(run(os.Args[1:], os.Stderr, newVerified))
	}
	os.Exit(m.Run())
}
