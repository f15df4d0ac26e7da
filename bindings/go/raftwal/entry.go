// SPDX-License-Identifier: Apache-2.0

package raftwal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// entryVersion is the first byte of each record.
const entryVersion = 1

// maxHeaderBytes is what an entry takes at most besides Extensions and Data.
const maxHeaderBytes = 2 + 4*binary.MaxVarintLen64

// yearOne is the time.Time that IsZero, in seconds since 1970: AppendedAt counts from there, so
// that no time at all takes two bytes.
const yearOne = -62135596800

var errShort = errors.New("the record is too short")

// appendEntry encodes all of an entry but its index.
func appendEntry(to []byte, log *raft.Log) []byte {
	to = append(to, entryVersion, byte(log.Type))
	to = binary.AppendUvarint(to, log.Term)
	to = binary.AppendUvarint(to, uint64(log.AppendedAt.Unix()-yearOne))
	to = binary.AppendUvarint(to, uint64(log.AppendedAt.Nanosecond()))
	to = binary.AppendUvarint(to, uint64(len(log.Extensions)))
	to = append(to, log.Extensions...)
	return append(to, log.Data...)
}

// Decode makes an entry of a record of a store's log, for tools that read one: index is the
// record's LSN. The entry's Data and Extensions lie in the record's bytes. It doesn't touch the
// entry when the record is none.
func Decode(index uint64, record []byte, log *raft.Log) error {
	rest := record
	number := func() uint64 {
		value, size := binary.Uvarint(rest)
		if size <= 0 {
			rest = nil
			return 0
		}
		rest = rest[size:]
		return value
	}
	if len(rest) < 2 {
		return entryError(index, errShort)
	}
	if rest[0] != entryVersion {
		return entryError(index, fmt.Errorf("its format is %d, not %d", rest[0], entryVersion))
	}
	typ := raft.LogType(rest[1])
	rest = rest[2:]
	term, seconds, nanoseconds, extensions := number(), number(), number(), number()
	if rest == nil || extensions > uint64(len(rest)) || nanoseconds >= uint64(time.Second) {
		return entryError(index, errShort)
	}
	*log = raft.Log{
		Index:      index,
		Term:       term,
		Type:       typ,
		Data:       part(rest[extensions:]),
		Extensions: part(rest[:extensions]),
		AppendedAt: time.Unix(int64(seconds)+yearOne, int64(nanoseconds)).UTC(),
	}
	return nil
}

// part keeps what is appended to one slice out of its neighbour.
func part(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return data[:len(data):len(data)]
}

func entryError(index uint64, err error) error {
	return fmt.Errorf("raftwal: record %d is not a raft log's: %w", index, err)
}
