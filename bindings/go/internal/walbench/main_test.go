// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

var figuresOf = map[string]string{
	"durable": "rate p50 p99 p999", "batch": "rate mb", "append": "rate mb rate_nosync",
	"fill": "", "replay": "rate mb rate_noopen", "open": "ms", "get": "ns",
}

func runOf(t *testing.T, op, dir string, keys ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := parse(ctx, dir, keys)
	if err != nil {
		t.Fatal(op, err)
	}
	figures, err := operations[op](r)
	if err != nil {
		t.Fatal(op, err)
	}
	var names []string
	for _, f := range figures {
		names = append(names, f.name)
		if f.value <= 0 {
			t.Fatal(op, f)
		}
	}
	if got := strings.Join(names, " "); got != figuresOf[op] {
		t.Fatalf("%s: %q", op, got)
	}
}

func TestEachOperationPrintsItsFigures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	for _, threads := range []string{"threads=1", "threads=3"} {
		for _, op := range []string{"durable", "batch", "append", "fill", "replay", "open", "get"} {
			runOf(t, op, dir, "count=2000", "seconds=0.02", threads, "context=ends")
		}
	}
}

// The bytes are those of the C program.
func TestPayloads(t *testing.T) {
	p := newPool(128)
	if p.slices != 8192 || string(p.bytes[:8]) != "\xcfK_0\xd8\xd9\xb8," {
		t.Fatal(p.slices, p.bytes[:8])
	}
}

func TestBadKeys(t *testing.T) {
	for _, key := range []string{
		"size=0", "size=1048577", "size=12x", "size=", "threads=0", "seconds=-1", "seconds=nan",
		"count=0", "batch=0", "=5", "size", "nonsense=1",
	} {
		if bench([]string{"fill", filepath.Join(t.TempDir(), "log"), key}) == nil {
			t.Error(key)
		}
	}
	if bench([]string{"nonsense", "log"}) == nil || bench(nil) == nil {
		t.Error("operations")
	}
}
