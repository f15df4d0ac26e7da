// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

// What tests share: logs, their contents, their files.

var background = context.Background()

// limit is for what must come, however slow the machine is.
const limit = 60 * time.Second

// inMemory gives a directory without a disk below it, for what has nothing to do with disks.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "libwal-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// newPath gives the path of a log that isn't there yet.
func newPath(t testing.TB) string { return filepath.Join(inMemory(t), "log") }

func open(t testing.TB, path string, options ...wal.Option) *wal.Log {
	t.Helper()
	log, err := wal.Open(path, options...)
	check(t, err)
	return log
}

// newLog gives an empty log that is closed behind the test, unless that does it.
func newLog(t testing.TB, options ...wal.Option) *wal.Log {
	t.Helper()
	log := open(t, newPath(t), options...)
	t.Cleanup(func() { log.Close() })
	return log
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%v, not %v", got, want)
	}
}

// must is for calls that give a value and an error.
func must[T any](value T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return value
	}
}

// wants takes an error that has to be of this code, and gives it.
func wants(t testing.TB, err error, code wal.Code) *wal.Error {
	t.Helper()
	var e *wal.Error
	if !errors.Is(err, code) || !errors.As(err, &e) {
		t.Fatalf("%v, not %s", err, code.Name())
	}
	equal(t, e.Code, code)
	equal(t, e.Name, code.Name())
	return e
}

// payload gives bytes that tell their number, of different sizes.
func payload(number int) []byte {
	head := strconv.Itoa(number) + ":"
	return append([]byte(head), bytes.Repeat([]byte{byte(number % 251)}, number*37%300)...)
}

// fill appends so many payloads, those of their LSNs, durably.
func fill(t testing.TB, log *wal.Log, count int) {
	t.Helper()
	next := int(must(log.Range())(t).Next)
	records := make([]wal.Record, count)
	for i := range records {
		records[i].Data = payload(next + i)
	}
	must(log.AppendRecords(background, records, wal.FlagSync))(t)
}

// collect gives the records of a sequence up to its end, and its error.
func collect(records iter.Seq2[wal.Record, error]) ([]wal.Record, error) {
	var all []wal.Record
	for record, err := range records {
		if err != nil {
			return all, err
		}
		all = append(all, record)
	}
	return all, nil
}

// holds says what the log has to have: payloads from LSN first on.
func holds(t testing.TB, log *wal.Log, first wal.LSN, payloads ...string) {
	t.Helper()
	records := must(collect(log.Records(background, 0)))(t)
	got := make([]string, len(records))
	for i, record := range records {
		equal(t, record.LSN, first+wal.LSN(i))
		got[i] = string(record.Data)
	}
	if !slices.Equal(got, payloads) {
		t.Fatalf("%q, not %q", got, payloads)
	}
}

func segmentFiles(t testing.TB, path string) []string {
	t.Helper()
	return must(filepath.Glob(filepath.Join(path, "*.wal")))(t)
}

// copyLive copies the directory of a log that is open, as a crash would leave it now.
func copyLive(t testing.TB, path string) string {
	t.Helper()
	to := newPath(t)
	check(t, os.CopyFS(to, os.DirFS(path)))
	check(t, os.Chmod(to, 0o700))
	return to
}

// edit changes a file's bytes.
func edit(t testing.TB, file string, change func(data []byte)) {
	t.Helper()
	data := must(os.ReadFile(file))(t)
	change(data)
	check(t, os.WriteFile(file, data, 0o600))
}

// corrupt flips a bit within a payload that is there once.
func corrupt(t testing.TB, path string, data []byte) {
	t.Helper()
	for _, file := range segmentFiles(t, path) {
		if at := bytes.Index(must(os.ReadFile(file))(t), data); at >= 0 {
			edit(t, file, func(all []byte) { all[at+len(data)/2] ^= 4 })
			return
		}
	}
	t.Fatal("there is no such payload")
}

// patch writes bytes into both copies of a header of 256 bytes, with the checksum right again.
func patch(t testing.TB, file string, copies [2]int, offset int, value ...byte) {
	t.Helper()
	edit(t, file, func(data []byte) {
		for _, at := range copies {
			header := data[at : at+256]
			copy(header[offset:], value)
			binary.LittleEndian.PutUint32(header[252:], crc32.ChecksumIEEE(header[:252]))
		}
	})
}

// until waits for a condition.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// soon is time enough for other goroutines to get into the call that they are about to make.
func soon() { time.Sleep(30 * time.Millisecond) }

// at runs a function on a goroutine, and gives what it returns.
func at[T any](f func() T) <-chan T {
	done := make(chan T, 1)
	go func() { done <- f() }()
	return done
}

// ends waits for what a goroutine returns.
func ends[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	select {
	case value := <-c:
		return value
	case <-time.After(limit):
		t.Fatal("it hangs")
		panic("unreachable")
	}
}

func text(records []wal.Record) string {
	var b strings.Builder
	for _, record := range records {
		fmt.Fprintf(&b, "%d=%s ", record.LSN, record.Data)
	}
	return strings.TrimSpace(b.String())
}
