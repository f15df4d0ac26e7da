// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/hashicorp/go-hclog"
)

// options is what the command line says.
type options struct {
	id        string
	dir       string
	raft      string
	http      string
	bootstrap bool
	join      string
	heartbeat time.Duration
	snapshots uint64
	trailing  uint64
	level     string
}

const usage = `walkv -id ID -dir DIR [OPTION...]

A node of a replicated key-value store that is spoken to by HTTP. See README.md beside its source.
It ends with 0 after SIGTERM or SIGINT, 1: it can't start, 2: its options make no sense, 3: its
disk doesn't take the log any more.

`

// parseOptions says on stderr what is wrong.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("walkv", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.id, "id", "", "the node's name in its cluster, for good")
	flags.StringVar(&o.dir, "dir", "", "directory for the log, raft.wal, and for snapshots; made "+
		"where there is none")
	flags.StringVar(&o.raft, "raft", "127.0.0.1:7001", "address for the other nodes, who must "+
		"reach it by this")
	flags.StringVar(&o.http, "http", "127.0.0.1:8001", "address for HTTP, to which other nodes "+
		"send clients")
	flags.BoolVar(&o.bootstrap, "bootstrap", false, "begin a new cluster with this node alone, "+
		"unless DIR has one")
	flags.StringVar(&o.join, "join", "", "HTTP address of a node whose cluster to join, unless "+
		"DIR has one")
	flags.DurationVar(&o.heartbeat, "heartbeat", time.Second, "how long nodes wait for a sign of "+
		"their leader before they elect another one")
	flags.Uint64Var(&o.snapshots, "snapshot-after", 8192, "take a snapshot after so many log "+
		"entries")
	flags.Uint64Var(&o.trailing, "trailing", 10240, "entries that stay in the log at a snapshot, "+
		"for nodes that are a little behind")
	flags.StringVar(&o.level, "log-level", "info", "what is said on stderr: debug, info, warn or "+
		"error")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if err := o.check(flags.Args()); err != nil {
		fmt.Fprintf(stderr, "walkv: %v; walkv -help lists the options\n", err)
		return o, err
	}
	return o, nil
}

func (o *options) check(operands []string) error {
	switch {
	case len(operands) > 0:
		return fmt.Errorf("%q is no option", operands[0])
	case o.id == "":
		return errors.New("-id is missing")
	case o.dir == "":
		return errors.New("-dir is missing")
	case o.bootstrap && o.join != "":
		return errors.New("-bootstrap begins a cluster, -join goes to one: not both")
	case hclog.LevelFromString(o.level) == hclog.NoLevel:
		return fmt.Errorf("-log-level %s is none", o.level)
	case o.heartbeat < 10*time.Millisecond:
		return errors.New("-heartbeat is less than 10ms")
	}
	return nil
}
