// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net/url"
)

// What a command does.
const (
	opPut    = "put"    // put KEY VALUE
	opDelete = "delete" // delete KEY
	opNode   = "node"   // node ID ADDRESS: the node's HTTP address
)

// A command is what raft's log carries: words with one space between them, so that one can read a
// log. The name is escaped as in a URL; the value is the rest, whatever bytes it has.
type command struct {
	op    string
	name  string
	value []byte
}

func (c command) encode() []byte {
	text := fmt.Appendf(nil, "%s %s", c.op, url.PathEscape(c.name))
	if c.op == opDelete {
		return text
	}
	return append(append(text, ' '), c.value...)
}

func decodeCommand(text []byte) (command, error) {
	op, rest, _ := bytes.Cut(text, []byte(" "))
	name, value, valued := bytes.Cut(rest, []byte(" "))
	plain, err := url.PathUnescape(string(name))
	c := command{op: string(op), name: plain, value: value}
	known := c.op == opPut || c.op == opDelete || c.op == opNode
	if err != nil || !known || plain == "" || valued == (c.op == opDelete) {
		return command{}, fmt.Errorf("%.60q is no command", text)
	}
	return c, nil
}
