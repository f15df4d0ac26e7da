// SPDX-License-Identifier: Apache-2.0

// Walmigrate copies the log and the stable values of a raft server from github.com/hashicorp's
// raft-boltdb or raft-wal to a new raftwal directory, and compares all of it afterwards.
//
//	walmigrate [-from boltdb|raft-wal] [OPTION...] SOURCE DEST
//
// README.md, beside this file, says what it does and what its exit codes are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes, which README.md documents.
const (
	codeDone        = 0
	codeFailed      = 1
	codeUsage       = 2
	codeDamaged     = 3 // the source can't be read as what it is to be
	codeUnfit       = 4 // the source has what a raftwal store can't hold, or what must be decided
	codeInUse       = 5
	codeInterrupted = 6
)

// failure is an error with an exit code of its own.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(code int, format string, values ...any) error {
	return &failure{code, fmt.Errorf(format, values...)}
}

// exitCode gives an error's.
func exitCode(err error) int {
	var f *failure
	if errors.As(err, &f) {
		return f.code
	}
	return codeFailed
}

// settings are the command line.
type settings struct {
	kind          string // of the source; "": to be found out
	source, dest  string
	numbers       map[string]bool // stable keys: true that are numbers, false that are bytes
	dropBeforeGap bool
	maxEntryBytes uint64
	quiet         bool
	note          func(string) // tells what isn't wrong, but should be known
}

const mostEntryBytes = 1 << 30

const usage = `usage: walmigrate [OPTION...] SOURCE DEST

Copies a raft server's log and stable values from SOURCE, a raft-boltdb file or a raft-wal
directory, which it only reads, to DEST, a new raftwal directory; then compares all of it.
The server must not be running.

`

func parse(args []string, messages io.Writer) (*settings, error) {
	s := &settings{numbers: map[string]bool{}}
	flags := flag.NewFlagSet("walmigrate", flag.ContinueOnError)
	flags.SetOutput(messages)
	flags.Usage = func() {
		fmt.Fprint(messages, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&s.kind, "from", "", "what SOURCE is: `boltdb` or raft-wal (default: a look)")
	flags.BoolVar(&s.dropBeforeGap, "drop-before-gap", false,
		"where indexes are missing, copy only the logs behind the last gap")
	flags.Uint64Var(&s.maxEntryBytes, "max-entry-bytes", 16<<20,
		"the largest entry to be taken, up to 1 GiB, in `bytes`")
	flags.BoolVar(&s.quiet, "quiet", false, "no progress")
	key := func(number bool) func(string) error {
		return func(name string) error {
			s.numbers[name] = number
			return nil
		}
	}
	flags.Func("number", "a stable `key` of raft-wal whose 8 bytes SetUint64 has stored (repeatable)",
		key(true))
	flags.Func("bytes", "a stable `key` of raft-wal whose 8 bytes Set has stored (repeatable)",
		key(false))
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() != 2 || s.kind != "" && kinds[s.kind] == nil || s.maxEntryBytes == 0 ||
		s.maxEntryBytes > mostEntryBytes {
		flags.Usage()
		return nil, errors.New("wrong arguments")
	}
	s.source, s.dest = flags.Arg(0), flags.Arg(1)
	return s, nil
}

// An opener opens the source that the settings name.
type opener func(*settings) (source, error)

// run is the program: what it did goes to out, all else to messages.
func run(args []string, out io.Writer, messages *os.File, open opener) int {
	s, err := parse(args, messages)
	if errors.Is(err, flag.ErrHelp) {
		return codeDone
	}
	if err != nil {
		return codeUsage
	}
	s.note = func(text string) { fmt.Fprintf(messages, "walmigrate: note: %s\n", text) }
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM,
		syscall.SIGHUP)
	defer stop()
	report := newProgress(messages, s.quiet)
	did, err := migrate(ctx, s, open, report)
	report.end()
	if err != nil {
		fmt.Fprintf(messages, "walmigrate: %v\n", err)
		return exitCode(err)
	}
	fmt.Fprintf(out, "walmigrate: %s\n", did)
	return codeDone
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, openSource)) }
