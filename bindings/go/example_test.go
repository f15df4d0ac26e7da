// SPDX-License-Identifier: Apache-2.0

package wal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	wal "github.com/libwal/libwal/bindings/go"
)

// exampleDir stands for wherever a program keeps its log.
func exampleDir() string {
	dir, err := os.MkdirTemp("", "libwal-")
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "hello.wal")
}

func must1[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func Example() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	ctx := context.Background()

	log, err := wal.Open(dir, wal.WithSegmentBytes(16<<20))
	if err != nil {
		panic(err)
	}
	defer log.Close()
	lsn, err := log.Append(ctx, []byte("Hello")) // it survives a power cut from here on
	if err != nil {
		panic(err)
	}
	if _, err := log.AppendBatch(ctx, [][]byte{[]byte("one"), []byte("two")}); err != nil {
		panic(err) // all or nothing
	}
	for record, err := range log.Records(ctx, lsn) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("%d %s\n", record.LSN, record.Data)
	}
	// Output:
	// 1 Hello
	// 2 one
	// 3 two
}

func ExampleLog_AppendAsync() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	log := must1(wal.Open(dir))
	defer log.Close()
	ctx := context.Background()

	var last wal.LSN
	for _, word := range []string{"many", "records", "one", "sync"} {
		last = must1(log.AppendAsync(ctx, []byte(word)))
	}
	if err := log.Wait(ctx, last); err != nil {
		panic(err)
	}
	fmt.Println(must1(log.Range()).Durable)
	// Output: 4
}

func ExampleLog_Tail() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	log := must1(wal.Open(dir))
	defer log.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	go func() {
		for i := range 3 {
			must1(log.Append(context.Background(), fmt.Appendf(nil, "record %d", i)))
		}
	}()
	for record, err := range log.Tail(ctx, 0) {
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			panic(err)
		}
		fmt.Println(string(record.Data))
		if record.LSN == 3 {
			cancel()
		}
	}
	// Output:
	// record 0
	// record 1
	// record 2
}

func ExampleBatch() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	log := must1(wal.Open(dir))
	defer log.Close()

	batch := must1(log.NewBatch())
	defer batch.Close() // throws away what was not committed
	err := errors.Join(
		batch.Append([]byte("debit")),
		batch.Append([]byte("credit")),
		batch.SetMeta("cursor", []byte("17")),
	)
	if err != nil {
		panic(err)
	}
	first, last, err := batch.Commit(context.Background(), 0)
	fmt.Println(first, last, err, string(must1(log.Meta().Get("cursor"))))
	// Output: 1 2 <nil> 17
}

func ExampleError() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	log := must1(wal.Open(dir))
	defer log.Close()

	_, err := log.Get(7, nil)
	var e *wal.Error
	fmt.Println(errors.Is(err, wal.ErrRange), errors.As(err, &e), e.Name)
	// Output: true true WAL_E_RANGE
}

func ExampleLog_Replay() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	ctx := context.Background()
	sum := 0
	apply := func(record wal.Record) { sum += int(record.Data[0]) }

	log := must1(wal.Open(dir))
	for i := range byte(5) {
		must1(log.Append(ctx, []byte{i}))
	}
	if err := log.Checkpoint(4, []byte{0 + 1 + 2 + 3}); err != nil {
		panic(err)
	}
	log.Close()

	log = must1(wal.Open(dir))
	defer log.Close()
	_, state, err := log.LastCheckpoint()
	if err != nil {
		panic(err)
	}
	sum = int(state[0])
	for record, err := range log.Replay(ctx) {
		if err != nil {
			panic(err)
		}
		apply(record)
	}
	fmt.Println(sum)
	// Output: 10
}

func ExampleVerify() {
	dir := exampleDir()
	defer os.RemoveAll(filepath.Dir(dir))
	log := must1(wal.Open(dir))
	must1(log.Append(context.Background(), []byte("Hello")))
	log.Close()

	found, err := wal.Verify(context.Background(), dir, nil)
	fmt.Println(found.Verdict, found.Records, err)
	// Output: clean 1 <nil>
}
