// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// childVariable has this program be walmigrate itself, which sends itself a signal when it reads
// the log for the so manyth time: "15 110".
const childVariable = "WALMIGRATE_CHILD"

func TestMain(m *testing.M) {
	if how := os.Getenv(childVariable); how != "" {
		s := &signaller{}
		if _, err := fmt.Sscan(how, &s.signal, &s.at); err != nil {
			panic(err)
		}
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, s.open))
	}
	before := runtime.NumGoroutine() + 1 // package os/signal keeps one
	code := m.Run()
	for end := time.Now().Add(10 * time.Second); code == 0 && runtime.NumGoroutine() > before; {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<20)
			fmt.Printf("goroutines are left:\n%s\n", stacks[:runtime.Stack(stacks, true)])
			code = 1
		}
		time.Sleep(10 * time.Millisecond)
	}
	os.Exit(code)
}

type signaller struct {
	source
	signal syscall.Signal
	at     int
	calls  int
}

func (s *signaller) open(settings *settings) (source, error) {
	from, err := openSource(settings)
	s.source = from
	return s, err
}

// GetLog waits once it has sent the signal, so that there is time to take it.
func (s *signaller) GetLog(index uint64, log *raft.Log) error {
	if s.calls++; s.calls >= s.at {
		if s.calls == s.at && syscall.Kill(os.Getpid(), s.signal) != nil {
			panic("no signal")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return s.source.GetLog(index, log)
}

// An interrupted run takes back what it has made; one that was killed leaves a directory whose name
// says that it is no store. DEST isn't there in either case, and a new run does it all.
func TestInterrupted(t *testing.T) {
	want := with(logs(1, 60, 200_000)...) // a batch and a half
	for kind := range stores {
		source := newSource(t, kind, want)
		before := files(t, source)
		for when, at := range map[string]int{"reading": 20, "copying": 110, "comparing": 140} {
			signals := []syscall.Signal{syscall.SIGINT, syscall.SIGKILL}
			if when == "copying" && kind == "boltdb" {
				signals = append(signals, syscall.SIGTERM, syscall.SIGHUP)
			}
			for _, signal := range signals {
				t.Run(fmt.Sprintf("%s/%s/%v", kind, when, signal), func(t *testing.T) {
					dest := filepath.Join(inMemory(t), "new")
					child := exec.Command(os.Args[0], source, dest)
					child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d", childVariable, signal, at))
					said, err := child.CombinedOutput()
					if err == nil {
						t.Fatalf("it came to its end: %s", said)
					}
					gone(t, dest)
					unchanged(t, source, before)
					if signal != syscall.SIGKILL {
						equal(t, child.ProcessState.ExitCode(), codeInterrupted)
						equal(t, string(said), "walmigrate: interrupted: nothing is copied\n")
						gone(t, dest+partialSuffix)
					} else if when != "reading" {
						r := migrated(t, openSource, source, dest)
						equal(t, r.code, codeFailed)
						equal(t, strings.Contains(r.messages, "or was killed"), true)
						check(t, os.RemoveAll(dest+partialSuffix))
					}
					does(t, codeDone, "60 logs", source, dest)
					isAt(t, dest, want)
				})
			}
		}
	}
}

// A disk that is full is told, and what was made is taken back.
func TestNoRoom(t *testing.T) {
	source := newSource(t, "boltdb", with(logs(1, 4, 2<<20)...))
	dest := filepath.Join(inMemory(t), "new")
	child := exec.Command("bash", "-c", `ulimit -f 3000; trap "" XFSZ; exec "$@"`, "bash", os.Args[0],
		source, dest)
	child.Env = append(os.Environ(), childVariable+"=0 1000000")
	said, _ := child.CombinedOutput()
	equal(t, child.ProcessState.ExitCode(), codeFailed)
	if !strings.Contains(string(said), "storing index") {
		t.Fatalf("%s", said)
	}
	gone(t, dest)
	gone(t, dest+partialSuffix)
}

func TestProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "messages")
	for terminal, want := range map[bool]string{
		false: "walmigrate: copying: 1 of 4 logs\nwalmigrate: copying: 3 of 4 logs\n",
		true: "\r\033[Kcopying [#######.......................] 1 of 4" +
			"\r\033[Kcopying [######################........] 3 of 4\r\033[K",
	} {
		to := must(os.Create(path))(t)
		p := newProgress(to, false)
		equal(t, p.terminal, false)
		equal(t, p.every, 10*time.Second)
		p.begin("copying", 4)
		p.at(1)
		p.terminal, p.every = terminal, 0
		p.begin("copying", 4)
		p.at(1)
		p.at(3)
		p.end()
		p.end()
		check(t, to.Close())
		equal(t, string(must(os.ReadFile(path))(t)), want)
	}
	null := must(os.OpenFile("/dev/null", os.O_WRONLY, 0))(t)
	defer null.Close()
	equal(t, newProgress(null, false).terminal, true)
	quiet := newProgress(null, true)
	quiet.begin("copying", 4)
	quiet.at(4)
	quiet.end()
	equal(t, quiet.drawn, false)
}
