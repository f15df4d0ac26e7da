// SPDX-License-Identifier: Apache-2.0

// Walkv is a node of a small replicated key-value store: HTTP for those who use it,
// github.com/hashicorp/raft between the nodes, and a libwal log for all that raft has to keep, by
// package raftwal. README.md beside this file shows three of them at work; walkv -help lists the
// options.
//
//	GET, PUT, DELETE /kv/KEY  a value; PUT and DELETE answer once it is committed and applied, with
//	                          {"index": N}, its place in the log
//	GET /kv/KEY?local         as this node knows it, which may be behind
//	GET /status               this node's place in the cluster, and its log's bounds
//	POST /join                {"id": "ID", "raft": "ADDRESS"}: take a node in
//	POST /snapshot            this node takes a snapshot now
//	GET /backup               this node's state
//	POST /restore             a backup in place of all keys, on all nodes
//
// Nodes that don't lead send clients to the one that does (307). 503: nothing was done, try again;
// 504: it may be done or not. All texts are plain.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/hashicorp/go-hclog"
)

// Exit codes.
const (
	exitFine    = iota
	exitFailed  // it can't start, or can't end well
	exitUsage   // its options make no sense
	exitStorage // its disk doesn't take the log any more
)

func main() { os.Exit(run(os.Args[1:], os.Stderr, nil)) }

func run(args []string, stderr io.Writer, wrap wrapper) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitFine
	}
	if err != nil {
		return exitUsage
	}
	logger := hclog.New(&hclog.LoggerOptions{
		Name: "walkv", Level: hclog.LevelFromString(o.level), Output: stderr,
	})
	if err := serve(o, logger, wrap); err != nil {
		fmt.Fprintf(stderr, "walkv: %v\n", err)
		return exitFailed
	}
	return exitFine
}

// serve is a node from its start to the signal that ends it.
func serve(o options, logger hclog.Logger, wrap wrapper) error {
	signal.Ignore(syscall.SIGXFSZ) // a limit on the size of files is an error like a full disk
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, os.Interrupt)
	listener, err := net.Listen("tcp", o.http)
	if err != nil {
		return fmt.Errorf("-http %s: %w", o.http, err)
	}
	n, err := startNode(o, logger, wrap, func(err error) {
		logger.Error("the log can't be written: this node leaves, the others go on; mend it and "+
			"start it again", "error", err)
		os.Exit(exitStorage)
	})
	if err != nil {
		_ = listener.Close()
		return err
	}
	s := startServer(n, listener)
	logger.Info("ready", "id", o.id, "http", o.http, "raft", o.raft)
	ctx, cancel := context.WithCancel(context.Background())
	if o.join != "" && !n.existed {
		go n.joinCluster(ctx)
	}
	select {
	case got := <-end:
		logger.Info("ending", "signal", got.String())
	case err = <-s.failed:
	}
	cancel()
	n.handOver()
	s.stop()
	return errors.Join(err, n.close())
}
