// SPDX-License-Identifier: Apache-2.0

// The demo's writer in Go: writer LOG FILE GOROUTINES
//
// It appends each line of the file that isn't in the log yet, as a record of its number (32 bits,
// little-endian) and its text. Once an append has returned it says so on standard output: number,
// LSN, nanoseconds that the append took.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	wal "github.com/libwal/libwal/bindings/go"
)

func missingLines(ctx context.Context, w *wal.Log, n int) (chan int, error) {
	written := make([]bool, n)
	for record, err := range w.Records(ctx, 0) {
		if err != nil {
			return nil, err
		}
		if number := binary.LittleEndian.Uint32(record.Data); int(number) < n {
			written[number] = true
		}
	}
	numbers := make(chan int, n)
	for number := range n {
		if !written[number] {
			numbers <- number
		}
	}
	close(numbers)
	return numbers, nil
}

func appendLines(ctx context.Context, w *wal.Log, lines [][]byte, numbers chan int) error {
	for number := range numbers {
		record := binary.LittleEndian.AppendUint32(nil, uint32(number))
		record = append(record, lines[number]...)
		before := time.Now()
		lsn, err := w.Append(ctx, record)
		if err != nil {
			return err
		}
		took := time.Since(before).Nanoseconds()
		if _, err := os.Stdout.WriteString(fmt.Sprintf("%d %d %d\n", number, lsn, took)); err != nil {
			return err
		}
	}
	return nil
}

func run(path, file string, goroutines int) error {
	ctx := context.Background()
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	w, err := wal.Open(path)
	if err != nil {
		return err
	}
	defer w.Close()
	numbers, err := missingLines(ctx, w, len(lines))
	if err != nil {
		return err
	}
	var crew sync.WaitGroup
	for range goroutines {
		crew.Add(1)
		go func() {
			defer crew.Done()
			if err := appendLines(ctx, w, lines, numbers); err != nil {
				log.Fatal(err)
			}
		}()
	}
	crew.Wait()
	return w.Close()
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: writer LOG FILE GOROUTINES")
	}
	goroutines, err := strconv.Atoi(os.Args[3])
	if err == nil {
		err = run(os.Args[1], os.Args[2], goroutines)
	}
	if err != nil {
		log.Fatal(err)
	}
}
