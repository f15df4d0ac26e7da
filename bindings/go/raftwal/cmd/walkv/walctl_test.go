// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// What a store has written, walctl shows, while the store is open.
func TestWalctl(t *testing.T) {
	path := filepath.Join(t.TempDir(), logName)
	store, err := raftwal.Open(path)
	check(t, err)
	defer store.Close()
	var logs []*raft.Log
	want := ""
	for k, name := range []string{
		"command", "noop", "add-peer", "remove-peer", "barrier", "configuration", "type-6",
	} {
		log := &raft.Log{Index: uint64(5 + k), Term: uint64(1) << (9 * k), Type: raft.LogType(k)}
		data := ""
		if k%2 == 0 {
			data = fmt.Sprint("data of ", name)
			log.Data = []byte(data)
			data = " " + data
		}
		if k%3 == 0 {
			log.Extensions, log.AppendedAt = make([]byte, 300), time.Now()
		}
		logs = append(logs, log)
		want += fmt.Sprintf("%d\t0\tterm %d %s%s\n", log.Index, log.Term, name, data)
	}
	logs = append(logs, &raft.Log{Index: 12, Term: math.MaxUint64, Data: []byte("a\n\x1b")})
	want += fmt.Sprintf("12\t0\tterm %d command a\n\t\t\\x1b\n", uint64(math.MaxUint64))
	check(t, store.StoreLogs(logs))
	shown, err := exec.Command("walctl", "cat", "--decoder", "raft", path).Output()
	if err != nil || string(shown) != want {
		t.Fatalf("%v:\n%s\nnot\n%s", err, shown, want)
	}
}
