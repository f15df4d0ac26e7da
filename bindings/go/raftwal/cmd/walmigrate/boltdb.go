// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// The buckets of a raft-boltdb file. A log's key is its index, 8 bytes, the highest first.
var (
	boltLogs   = []byte("logs")
	boltStable = []byte("conf")
)

// boltDB is a file of raft-boltdb, which decodes the logs. It has no listing of what there is: that
// comes from the file itself.
type boltDB struct {
	store *raftboltdb.BoltStore
	db    *bbolt.DB
}

func readOnlyBolt() *bbolt.Options { return &bbolt.Options{ReadOnly: true, Timeout: lockWait} }

// openBolt opens a file of bbolt whose structure is sound.
func openBolt(path string) (*bbolt.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err // bbolt would make the file, even to read it only
	}
	db, err := bbolt.Open(path, 0, readOnlyBolt())
	if err != nil {
		return nil, err
	}
	if err := checkPages(db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func openBoltDB(s *settings) (source, error) {
	db, err := openBolt(s.source)
	if err != nil {
		return nil, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Bucket(boltLogs) == nil || tx.Bucket(boltStable) == nil {
			return errors.New("it lacks the buckets that raft-boltdb makes")
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	store, err := raftboltdb.New(raftboltdb.Options{Path: s.source, BoltOptions: readOnlyBolt()})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &boltDB{store, db}, nil
}

func (b *boltDB) extent() (extent, error) {
	var e extent
	err := b.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(boltLogs).Cursor()
		for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
			if len(key) != 8 {
				return fmt.Errorf("a log's key has %d bytes", len(key))
			}
			index := binary.BigEndian.Uint64(key)
			switch {
			case e.count == 0:
				e.first, e.behindGap = index, index
			case index <= e.last:
				return fmt.Errorf("index %d stands behind %d", index, e.last)
			case index != e.last+1:
				e.behindGap = index
			}
			e.last = index
			e.count++
		}
		return nil
	})
	return e, err
}

func (b *boltDB) GetLog(index uint64, log *raft.Log) error { return b.store.GetLog(index, log) }

func (b *boltDB) stable() (map[string][]byte, error) { return bucketOf(b.db, boltStable) }

func (b *boltDB) Close() error { return errors.Join(b.store.Close(), b.db.Close()) }

// bucketOf gives all keys of a bucket with their values.
func bucketOf(db *bbolt.DB, name []byte) (map[string][]byte, error) {
	values := make(map[string][]byte)
	err := db.View(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(name)
		if bucket == nil {
			return fmt.Errorf("it has no bucket %q", name)
		}
		return bucket.ForEach(func(key, value []byte) error {
			values[string(key)] = append([]byte{}, value...)
			return nil
		})
	})
	return values, err
}
