// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// once runs walkv with options that it doesn't get far with.
func once(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), childVariable+"=1")
	text, err := command.CombinedOutput()
	if command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(text)
}

func TestUsage(t *testing.T) {
	for what, args := range map[string][]string{
		"-id is missing":                        {},
		"-dir is missing":                       {"-id", "a"},
		`"b" is no option`:                      {"-id", "a", "-dir", "d", "b"},
		"not both":                              {"-id", "a", "-dir", "d", "-bootstrap", "-join", "x"},
		"-heartbeat is less than 10ms":          {"-id", "a", "-dir", "d", "-heartbeat", "1ms"},
		"-log-level loud is none":               {"-id", "a", "-dir", "d", "-log-level", "loud"},
		"flag provided but not defined: -x":     {"-x"},
		`invalid value "y" for flag -heartbeat`: {"-heartbeat", "y"},
	} {
		code, said := once(t, args...)
		if code != exitUsage || !strings.Contains(said, what) {
			t.Errorf("%q: %d, %s", args, code, said)
		}
	}
	code, said := once(t, "-help")
	if code != exitFine || !strings.Contains(said, "-snapshot-after") {
		t.Errorf("-help: %d, %s", code, said)
	}
}

// What keeps it from starting it says in one line, and ends with 1.
func TestCannotStart(t *testing.T) {
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer taken.Close()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o666))
	locked := filepath.Join(dir, "locked")
	check(t, os.Mkdir(locked, 0o777))
	store, err := raftwal.Open(filepath.Join(locked, logName))
	check(t, err)
	defer store.Close()
	for what, args := range map[string][]string{
		"walkv: -http " + taken.Addr().String() + ": listen": {
			"-dir", filepath.Join(dir, "a"), "-http", taken.Addr().String(),
		},
		"walkv: -raft " + taken.Addr().String() + ": listen": {
			"-dir", filepath.Join(dir, "b"), "-raft", taken.Addr().String(),
		},
		"walkv: -raft 0.0.0.0:0: local bind address is not advertisable": {
			"-dir", filepath.Join(dir, "c"), "-raft", "0.0.0.0:0",
		},
		"walkv: mkdir " + file + ": not a directory": {"-dir", file},
		"raft.wal is open for writing elsewhere":     {"-dir", locked},
	} {
		code, said := once(t, append([]string{
			"-id", "a", "-http", "127.0.0.1:0", "-raft", "127.0.0.1:0",
		}, args...)...)
		if code != exitFailed || !strings.Contains(said, what) || strings.Contains(said, "panic") {
			t.Errorf("%q: %d, %s", args, code, said)
		}
	}
}
