// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// Their text is in logs, and never to change.
func TestCommandText(t *testing.T) {
	for text, c := range map[string]command{
		"put a b":                  {opPut, "a", []byte("b")},
		"put a ":                   {opPut, "a", []byte{}},
		"put a%20b%2Fc%25 d e\x00": {opPut, "a b/c%", []byte("d e\x00")},
		"delete %FF%0A":            {op: opDelete, name: "\xff\n"},
		"node n1 [::1]:8001":       {opNode, "n1", []byte("[::1]:8001")},
	} {
		if got := string(c.encode()); got != text {
			t.Errorf("%q, not %q", got, text)
		}
		got, err := decodeCommand([]byte(text))
		if err != nil || got.op != c.op || got.name != c.name || !bytes.Equal(got.value, c.value) {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "put", "put a", "put  b", "put %2 b", "delete", "delete ", "delete a b", "get a", "Put a b",
	} {
		if c, err := decodeCommand([]byte(text)); err == nil {
			t.Errorf("%q is %q", text, c)
		}
	}
}

func FuzzCommand(f *testing.F) {
	f.Add([]byte("put a%20b c"))
	f.Add([]byte("delete a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := decodeCommand(text)
		if err != nil {
			return
		}
		again, err := decodeCommand(c.encode())
		if err != nil || again.op != c.op || again.name != c.name ||
			!bytes.Equal(again.value, c.value) {
			t.Fatalf("%q is %q, %v", text, again, err)
		}
	})
}

func TestState(t *testing.T) {
	s := newState()
	for _, text := range []string{
		"put b 2", "put a 1", "put c 3", "delete c", "delete d", "node n2 here", "put empty ", "put b 4",
	} {
		c, err := decodeCommand([]byte(text))
		check(t, err)
		s.apply(c)
	}
	var written bytes.Buffer
	check(t, s.write(&written))
	want := "\x0cnode n2 here\x07put a 1\x07put b 4\x0aput empty \x00"
	if written.String() != want {
		t.Fatalf("%q, not %q", written.String(), want)
	}
	again, err := readState(strings.NewReader(want))
	check(t, err)
	var copied bytes.Buffer
	check(t, again.clone().write(&copied))
	if copied.String() != want {
		t.Fatalf("%q, not %q", copied.String(), want)
	}
	for size := range want {
		if _, err := readState(strings.NewReader(want[:size])); !errors.Is(err, errState) {
			t.Errorf("%q: %v", want[:size], err)
		}
	}
	for _, bad := range []string{want + "x", "\x03put\x00", "\xff\xff\xff\xff\x7fput a 1\x00"} {
		if _, err := readState(strings.NewReader(bad)); !errors.Is(err, errState) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
