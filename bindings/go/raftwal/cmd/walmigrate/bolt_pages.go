// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"
)

// pages walks through the tree of a bbolt file before bbolt does. Bbolt follows what a page says: a
// damaged one can have it read beyond the file, or go round in a circle until there is no memory.
type pages struct {
	file     *os.File
	pageSize int64
	count    uint64 // of pages that the tree may be in
	seen     map[uint64]bool
}

// What a page's header and an element of its table have, and a bucket's head, in bytes.
const (
	pageHead    = 16
	pageElement = 16
	bucketHead  = 16
	mostLevels  = 64
)

const (
	pageBranch    = 1
	pageLeaf      = 2
	elementBucket = 1
)

// checkPages says what is wrong with the structure of an open file.
func checkPages(db *bbolt.DB) error {
	file, err := os.Open(db.Path())
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		size := int64(db.Info().PageSize)
		if info.Size() < tx.Size() {
			return fmt.Errorf("it has %d bytes, and says %d", info.Size(), tx.Size())
		}
		p := &pages{file, size, uint64(tx.Size() / size), make(map[uint64]bool)}
		return p.walk(uint64(tx.Cursor().Bucket().Root()), 0)
	})
}

// walk goes through a page and all below it.
func (p *pages) walk(id uint64, level int) error {
	if id < 2 || id >= p.count || level > mostLevels {
		return fmt.Errorf("page %d is beyond the tree", id)
	}
	head := make([]byte, pageHead)
	at := int64(id) * p.pageSize
	if _, err := p.file.ReadAt(head, at); err != nil {
		return err
	}
	number, overflow := binary.NativeEndian.Uint64(head), binary.NativeEndian.Uint32(head[12:])
	if number != id || id+uint64(overflow) >= p.count {
		return fmt.Errorf("page %d is damaged", id)
	}
	for part := id; part <= id+uint64(overflow); part++ {
		if p.seen[part] {
			return fmt.Errorf("page %d is there twice", part)
		}
		p.seen[part] = true
	}
	if err := p.elements(at, p.pageSize*(1+int64(overflow)), head, level); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

var errElement = errors.New("an element is damaged")

// elements goes through the table of a page that lies at a place in the file, with so many bytes.
func (p *pages) elements(at, size int64, head []byte, level int) error {
	kind, count := binary.NativeEndian.Uint16(head[8:]), int64(binary.NativeEndian.Uint16(head[10:]))
	end := pageHead + count*pageElement
	if kind != pageLeaf && (kind != pageBranch || count == 0) || end > size {
		return errElement
	}
	table := make([]byte, end-pageHead)
	if _, err := p.file.ReadAt(table, at+pageHead); err != nil {
		return err
	}
	for place := int64(pageHead); len(table) > 0; place += pageElement {
		element := table[:pageElement]
		table = table[pageElement:]
		number := func(at int) int64 { return int64(binary.NativeEndian.Uint32(element[at:])) }
		if kind == pageBranch {
			if place+number(0)+number(4) > size {
				return errElement
			}
			if err := p.walk(binary.NativeEndian.Uint64(element[8:]), level+1); err != nil {
				return err
			}
			continue
		}
		value := place + number(4) + number(8)
		if value+number(12) > size {
			return errElement
		}
		if number(0)&elementBucket != 0 {
			if err := p.bucket(at+value, number(12), level); err != nil {
				return err
			}
		}
	}
	return nil
}

// bucket goes into a bucket: at its root, or right behind its head where it is small.
func (p *pages) bucket(at, size int64, level int) error {
	head := make([]byte, bucketHead+pageHead)
	if size < bucketHead {
		return errElement
	}
	if _, err := p.file.ReadAt(head, at); err != nil {
		return err
	}
	if root := binary.NativeEndian.Uint64(head); root != 0 {
		return p.walk(root, level+1)
	}
	if size < bucketHead+pageHead || level > mostLevels {
		return errElement
	}
	inline := head[bucketHead:]
	if binary.NativeEndian.Uint16(inline[8:]) != pageLeaf {
		return errElement
	}
	return p.elements(at+bucketHead, size-bucketHead, inline, level+1)
}
