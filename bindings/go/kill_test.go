// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	wal "github.com/libwal/libwal/bindings/go"
)

// Writers that are killed: everything they were told is there, in order, and whole batches.
func TestKilledWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	draw := rand.New(rand.NewSource(1))
	var said, found int
	for range 8 {
		base := 0
		if _, err := os.Stat(path); err == nil {
			log := open(t, path)
			base = int(must(log.Range())(t).Last)
			check(t, log.Close())
		}
		acknowledged := killedWriter(t, path, draw.Intn(200))
		log := open(t, path)
		records := must(collect(log.Records(background, wal.LSN(base+1))))(t)
		checkWriters(t, base, records, acknowledged)
		check(t, log.Close())
		must(wal.Verify(background, path, nil))(t)
		said += len(acknowledged)
		found += len(records)
	}
	t.Logf("%d acknowledged, %d records found", said, found)
}

// killedWriter runs a writer until it has said so much, and gives all that it said: which record of
// which writer has which LSN.
func killedWriter(t *testing.T, path string, lines int) map[wal.LSN]string {
	t.Helper()
	c := startChild(t, "writer", path)
	acknowledged := make(map[wal.LSN]string)
	for n := 0; ; n++ {
		if n == lines {
			check(t, c.command.Process.Kill())
		}
		line, err := c.stdout.ReadString('\n')
		if err != nil {
			break
		}
		var lsn wal.LSN
		var writer, number int
		must(fmt.Sscan(line, &lsn, &writer, &number))(t)
		acknowledged[lsn] = string(writerPayload(writer, number))
	}
	_ = c.command.Wait()
	status := c.command.ProcessState.Sys().(syscall.WaitStatus)
	equal(t, status.Signal(), syscall.SIGKILL)
	return acknowledged
}

func checkWriters(
	t *testing.T, base int, records []wal.Record, acknowledged map[wal.LSN]string,
) {
	t.Helper()
	var next, part [writers]int
	for i, record := range records {
		equal(t, record.LSN, wal.LSN(base+i+1))
		var writer, number int
		must(fmt.Sscan(string(record.Data), &writer, &number))(t)
		equal(t, string(record.Data), string(writerPayload(writer, number)))
		equal(t, number, next[writer])
		if part[writer]++; writer < 2 || part[writer] == 3 {
			equal(t, record.BatchLast, true)
			next[writer]++
			part[writer] = 0
		}
		if want, ok := acknowledged[record.LSN]; ok {
			equal(t, string(record.Data), want)
			delete(acknowledged, record.LSN)
		}
	}
	equal(t, strings.Trim(fmt.Sprint(part[2:]), "[]"), "0 0")
	equal(t, len(acknowledged), 0)
}
