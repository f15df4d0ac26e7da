// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/hashicorp/raft"

	"github.com/libwal/libwal/bindings/go/raftwal"
)

// A guard is the store, and ends the process at the first change that the store doesn't take: the
// disk is full, or a sync has failed. Raft would go on as a member that can't store anything, ask
// for votes that it can't keep count of, and panic at the next term. fail doesn't return.
type guard struct {
	*raftwal.Store
	fail func(error)
}

func (g *guard) StoreLog(log *raft.Log) error         { return g.check(g.Store.StoreLog(log)) }
func (g *guard) StoreLogs(logs []*raft.Log) error     { return g.check(g.Store.StoreLogs(logs)) }
func (g *guard) DeleteRange(a, z uint64) error        { return g.check(g.Store.DeleteRange(a, z)) }
func (g *guard) Set(key, value []byte) error          { return g.check(g.Store.Set(key, value)) }
func (g *guard) SetUint64(key []byte, n uint64) error { return g.check(g.Store.SetUint64(key, n)) }

func (g *guard) check(err error) error {
	if err != nil {
		g.fail(err)
	}
	return err
}
