// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"

	"github.com/hashicorp/raft-wal/segment"
)

// A segment of raft-wal is a head and frames, each at a multiple of 8 bytes: 1 byte of type, 3 that
// are 0, 4 of length or, behind each batch, of a checksum over all since the one before. Raft-wal
// looks at the last one only, and takes damage in the newest segment for a write that was cut
// short: all behind it would be gone without a word. So the checksums are compared here.
const (
	segmentHead = 32
	frameHead   = 8
)

// sums is what a walk through a segment's checksums finds.
type sums struct {
	end   int64 // where the last batch ends of those from the start on that are whole
	rest  bool  // there is something behind it
	whole bool  // and that has a whole batch in it, so that the one before it is damaged
}

// readSums walks through a segment.
func readSums(path string) (sums, error) {
	file, err := os.Open(path)
	if err != nil {
		return sums{}, err
	}
	defer file.Close()
	var s sums
	if s.end, err = wholeBatches(file); err != nil {
		return sums{}, err
	}
	if _, err := file.Seek(s.end, io.SeekStart); err != nil {
		return sums{}, err
	}
	s.rest, s.whole, err = batchesBehind(file)
	return s, err
}

func newSum() hash.Hash32 { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }

// wholeBatches gives the end of the last batch before the first that isn't whole.
func wholeBatches(file io.Reader) (end int64, err error) {
	from, sum := bufio.NewReaderSize(file, 1<<20), newSum()
	at, err := io.CopyN(sum, from, segmentHead)
	for err == nil {
		head := make([]byte, frameHead)
		if _, err = io.ReadFull(from, head); err != nil {
			break
		}
		at += frameHead
		value := binary.LittleEndian.Uint32(head[4:])
		switch head[0] {
		case segment.FrameCommit:
			if value != sum.Sum32() {
				return end, nil
			}
			sum.Reset()
			end = at
		case segment.FrameEntry, segment.FrameIndex:
			sum.Write(head)
			var copied int64
			copied, err = io.CopyN(sum, from, (int64(value)+frameHead-1)/frameHead*frameHead)
			at += copied
		default:
			return end, nil
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return end, err
}

// batchesBehind looks for something that isn't 0, and for two ends of batches between which the
// checksum is right.
func batchesBehind(file io.Reader) (rest, whole bool, err error) {
	from, sum := bufio.NewReaderSize(file, 1<<20), newSum()
	word := make([]byte, frameHead)
	for begun := false; ; {
		_, err := io.ReadFull(from, word)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return rest, whole, nil
		}
		if err != nil {
			return rest, whole, err
		}
		rest = rest || binary.LittleEndian.Uint64(word) != 0
		if binary.LittleEndian.Uint32(word) != uint32(segment.FrameCommit) {
			sum.Write(word)
			continue
		}
		whole = whole || begun && sum.Sum32() == binary.LittleEndian.Uint32(word[4:])
		sum.Reset()
		begun = true
	}
}

// checkSums says what is wrong with a segment, which has its index at a place, or has none.
func checkSums(path string, index uint64, note func(string)) error {
	s, err := readSums(path)
	if err != nil {
		return err
	}
	if uint64(s.end) < index || s.whole {
		return fmt.Errorf("%s is damaged behind byte %d: a checksum is wrong", path, s.end)
	}
	if s.rest {
		note(fmt.Sprintf("what is in %s behind byte %d is a write that was cut short, or a damaged"+
			" one: raft-wal leaves it out, and so does the copy", path, s.end))
	}
	return nil
}
