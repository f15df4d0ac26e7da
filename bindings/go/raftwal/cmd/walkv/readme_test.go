// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// what the commands of README.md have to print, in this order.
var printed = regexp.MustCompile(`^\{"index":\d+\}
Hello\{"id":"n3",.*"leader":"n1".*\}
\{"index":\d+\}
Hello1	0	term 1 configuration .*
2	0	term \d+ noop
3	0	term \d+ command node n1 [0-9.]+:28001
(?:[0-9]+	0	term \d+ configuration .*
){0,2}(?:[0-9]+	0	term \d+ command put greeting Hello
)(?:[0-9]+	0	term \d+ configuration .*
){0,2}Goodbye$`)

// The commands of README.md, one after the other in one shell, with a walkv that is built as it
// says. The address becomes one where nobody else is, and a port 8001 becomes 28001.
func TestReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	check(t, err)
	var script strings.Builder
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllSubmatch(text, -1) {
		script.Write(block[1])
	}
	for _, program := range []string{"walctl", "curl", "bash"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s has to be in the PATH: %v", program, err)
		}
	}
	dir, pid := t.TempDir(), os.Getpid()
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "walkv"), ".")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	address := fmt.Sprintf("127.%d.%d.1", 64+pid>>8&127, pid&255)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	shell := exec.CommandContext(ctx, "bash", "-ec",
		strings.ReplaceAll(script.String(), "127.0.0.1:", address+":2"))
	shell.Dir = dir
	shell.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	shell.WaitDelay = time.Second // nodes hold its output open
	var complaints strings.Builder
	shell.Stderr = &complaints
	said, err := shell.Output()
	if err != nil || !printed.Match(said) {
		_ = shell.Cancel() // what is left of its nodes
		for _, id := range []string{"n1", "n2", "n3"} {
			stderr, _ := os.ReadFile(filepath.Join(dir, id+".stderr"))
			t.Logf("%s: %s", id, stderr)
		}
		t.Fatalf("%v:\n%s\n%s", err, said, complaints.String())
	}
}
