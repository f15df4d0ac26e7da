// SPDX-License-Identifier: Apache-2.0

// Program uses all three Go modules of libwal, as one who has got them by their versions.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"

	wal "github.com/libwal/libwal/bindings/go"
	walprom "github.com/libwal/libwal/bindings/go/prometheus"
	"github.com/libwal/libwal/bindings/go/raftwal"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func plainLog(dir string) {
	w, err := wal.Open(dir)
	must(err)
	defer w.Close()
	for _, word := range []string{"one", "two", "three"} {
		_, err := w.Append(context.Background(), []byte(word))
		must(err)
	}
	for record, err := range w.Records(context.Background(), 0) {
		must(err)
		fmt.Printf("%d: %s\n", record.LSN, record.Data)
	}
	registry := prometheus.NewRegistry()
	must(registry.Register(walprom.NewCollector(w, nil)))
	families, err := registry.Gather()
	must(err)
	for _, family := range families {
		if family.GetName() == "libwal_append_records_total" {
			fmt.Println(family.GetName(), family.GetMetric()[0].GetCounter().GetValue())
		}
	}
}

func raftLog(dir string) {
	store, err := raftwal.Open(dir)
	must(err)
	defer store.Close()
	must(store.StoreLog(&raft.Log{Index: 7, Term: 2, Data: []byte("seven")}))
	var entry raft.Log
	must(store.GetLog(7, &entry))
	fmt.Printf("raft %d in term %d: %s\n", entry.Index, entry.Term, entry.Data)
}

func main() {
	fmt.Println("libwal", wal.Version())
	plainLog(os.Args[1])
	raftLog(os.Args[1] + ".raft")
}
