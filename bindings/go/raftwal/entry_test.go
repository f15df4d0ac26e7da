// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"bytes"
	"math"
	"testing"
	"time"

	"github.com/hashicorp/raft"
)

// The bytes are written down in doc.go, and are never to change.
func TestEntryBytes(t *testing.T) {
	log := &raft.Log{
		Index:      9,
		Term:       300,
		Type:       raft.LogConfiguration,
		Data:       []byte("data"),
		Extensions: []byte("ext"),
		AppendedAt: time.Unix(1_700_000_000, 5),
	}
	want := "\x01\x05\xac\x02\x80\xd0\x97\xe7\xed\x01\x05\x03extdata"
	if got := string(appendEntry(nil, log)); got != want {
		t.Fatalf("%q, not %q", got, want)
	}
	if got := string(appendEntry(nil, &raft.Log{})); got != "\x01\x00\x00\x00\x00\x00" {
		t.Fatalf("nothing is %q", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := appendEntry(nil, &raft.Log{Term: 300, Extensions: []byte("ext")})
	before := raft.Log{Index: 77}
	log := before
	for size := range len(whole) {
		if err := Decode(1, whole[:size], &log); err == nil {
			t.Fatalf("%q is an entry", whole[:size])
		}
	}
	for _, bad := range []string{
		"\x00\x00\x00\x00\x00\x00", "\x02\x00\x00\x00\x00\x00", // versions
		"\x01\x00\x00\x00\x80\x94\xeb\xdc\x03\x00", // a whole second of nanoseconds
		"\x01\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00\x00\x00",
		"\x01\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		if err := Decode(1, []byte(bad), &log); err == nil {
			t.Fatalf("%q is an entry", bad)
		}
	}
	if log.Index != before.Index {
		t.Fatal("an error has changed the log")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(appendEntry(nil, &raft.Log{}))
	f.Add(appendEntry(nil, &raft.Log{
		Term: math.MaxUint64, Type: 255, Extensions: []byte("ext"), Data: []byte("data"),
		AppendedAt: time.Unix(1, 1),
	}))
	f.Fuzz(func(t *testing.T, record []byte) {
		var log, again raft.Log
		if Decode(7, record, &log) != nil {
			return
		}
		if err := Decode(7, appendEntry(nil, &log), &again); err != nil {
			t.Fatal(err)
		}
		if log.Index != 7 || again.Term != log.Term || again.Type != log.Type ||
			!bytes.Equal(again.Data, log.Data) || !bytes.Equal(again.Extensions, log.Extensions) ||
			!again.AppendedAt.Equal(log.AppendedAt) {
			t.Fatalf("%+v is not %+v", again, log)
		}
	})
}
