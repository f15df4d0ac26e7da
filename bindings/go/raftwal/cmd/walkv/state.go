// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
)

// A state is what all commands so far have made. Values are never changed, only replaced.
type state struct {
	values map[string][]byte
	nodes  map[string]string // HTTP addresses of the nodes that have led, by their IDs
}

func newState() state {
	return state{values: make(map[string][]byte), nodes: make(map[string]string)}
}

func (s state) clone() state {
	return state{values: maps.Clone(s.values), nodes: maps.Clone(s.nodes)}
}

func (s state) apply(c command) {
	switch c.op {
	case opPut:
		s.values[c.name] = c.value
	case opDelete:
		delete(s.values, c.name)
	case opNode:
		s.nodes[c.name] = string(c.value)
	}
}

// write writes the state as the commands that make it, sorted: equal states are equal bytes. Each
// has its length in front, as a uvarint; a length of 0 is the end.
func (s state) write(to io.Writer) error {
	buffered := bufio.NewWriter(to)
	put := func(text []byte) {
		var length [binary.MaxVarintLen64]byte
		buffered.Write(length[:binary.PutUvarint(length[:], uint64(len(text)))])
		buffered.Write(text)
	}
	for _, id := range slices.Sorted(maps.Keys(s.nodes)) {
		put(command{opNode, id, []byte(s.nodes[id])}.encode())
	}
	for _, key := range slices.Sorted(maps.Keys(s.values)) {
		put(command{opPut, key, s.values[key]}.encode())
	}
	put(nil)
	return buffered.Flush() // a bufio.Writer keeps its first error
}

var errState = errors.New("this is no state of walkv, or not all of it")

func readState(from io.Reader) (state, error) {
	s := newState()
	buffered := bufio.NewReader(from)
	for {
		length, err := binary.ReadUvarint(buffered)
		if err != nil || length > maxCommandBytes {
			return state{}, errors.Join(errState, err)
		}
		if length == 0 {
			break
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(buffered, text); err != nil {
			return state{}, errors.Join(errState, err)
		}
		c, err := decodeCommand(text)
		if err != nil {
			return state{}, fmt.Errorf("%w: %w", errState, err)
		}
		s.apply(c)
	}
	if _, err := buffered.ReadByte(); err != io.EOF {
		return state{}, fmt.Errorf("%w: something follows its end", errState)
	}
	return s, nil
}
