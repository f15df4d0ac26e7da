// SPDX-License-Identifier: Apache-2.0

// Hello appends to a log, and prints what it holds.
package main

import (
	"context"
	"fmt"
	"log"

	wal "github.com/libwal/libwal/bindings/go"
)

func main() {
	ctx := context.Background()
	w, err := wal.Open("hello.wal", wal.WithSegmentBytes(16<<20))
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()
	// what Append has returned without an error survives a power cut
	if _, err := w.Append(ctx, []byte("Hello")); err != nil {
		log.Fatal(err)
	}
	for record, err := range w.Records(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%d: %s\n", record.LSN, record.Data)
	}
}
