// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The document on coming from other logs shows two commands, which go as they stand there.
func TestDocument(t *testing.T) {
	text := string(must(os.ReadFile("../../../../../docs/migrating.md"))(t))
	commands := regexp.MustCompile(`(?m)^walmigrate (.*?) +#`).FindAllStringSubmatch(text, -1)
	equal(t, len(commands), 2)
	c := with(logs(1, 20, 10)...)
	for k, kind := range []string{"boltdb", "raft-wal"} {
		args := strings.Fields(commands[k][1])
		source := newSource(t, kind, c)
		t.Chdir(t.TempDir())
		check(t, os.Symlink(source, filepath.Clean(args[0])))
		does(t, codeDone, "20 logs", args...)
		isAt(t, args[1], c)
	}
}
