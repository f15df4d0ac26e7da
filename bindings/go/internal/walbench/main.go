// SPDX-License-Identifier: Apache-2.0

// Walbench is the benchmark's Go twin: walbench OP DIR KEY=VALUE..., with the operations, figures
// and payloads of the C program, so each reads the other's logs (see tests/bench/README.md in the
// source tree). threads are goroutines here. Beside walbench's keys it knows context=ends: appends
// get a context that may end, and wait without a thread. Options of the library are keys by their
// names.
//
//	go build -o walbench-go ./internal/walbench
//	walbench-go durable /path/to/log threads=16 seconds=2
package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	wal "github.com/libwal/libwal/bindings/go"
)

// A run is one operation: where, this program's keys, and the library's options.
type run struct {
	dir     string
	size    int
	threads int
	seconds float64
	count   int
	batch   int
	ctx     context.Context
	options []wal.Option
	pool    *pool
}

type figure struct {
	name  string
	value float64
	unit  string
}

var operations = map[string]func(*run) ([]figure, error){
	"durable": durable, "batch": batch, "append": buffered, "fill": fill, "replay": replay,
	"open": reopen, "get": get,
}

func main() {
	if err := bench(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench(words []string) error {
	if len(words) < 2 || operations[words[0]] == nil {
		return errors.New("usage: walbench durable|batch|append|fill|replay|open|get DIR [KEY=VALUE]")
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	r, err := parse(ctx, words[1], words[2:])
	if err != nil {
		return err
	}
	figures, err := operations[words[0]](r)
	if errors.Is(err, wal.ErrUnsupported) {
		fmt.Printf("unsupported: %v\nok\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range figures {
		fmt.Printf("%s %.3f %s\n", f.name, f.value, f.unit)
	}
	fmt.Println("ok")
	return nil
}

func parse(ctx context.Context, dir string, keys []string) (*run, error) {
	r := &run{dir: dir, size: 128, threads: 1, seconds: 2, count: 100_000, batch: 64,
		ctx: context.Background()}
	for _, word := range keys {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%s: KEY=VALUE is wanted", word)
		}
		if key == "context" && value == "ends" {
			r.ctx = ctx
		} else if err := r.take(key, value); err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
	}
	r.pool = newPool(r.size)
	return r, nil
}

func (r *run) take(key, value string) (err error) {
	switch key {
	case "size":
		r.size, err = whole(value, poolBytes)
	case "threads":
		r.threads, err = whole(value, 1_000_000)
	case "seconds":
		r.seconds, err = strconv.ParseFloat(value, 64)
		if err == nil && !(r.seconds >= 0.001 && r.seconds <= 1e6) {
			err = errors.New("a number from 0.001 to 1000000 is wanted")
		}
	case "count":
		r.count, err = whole(value, math.MaxInt32)
	case "batch":
		r.batch, err = whole(value, 1_000_000)
	case "readers":
		r.options = append(r.options, wal.With("read_threads", value))
	default:
		r.options = append(r.options, wal.With(key, value))
	}
	return err
}

func whole(value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err == nil && (n < 1 || n > most) {
		err = fmt.Errorf("a whole number from 1 to %d is wanted", most)
	}
	return n, err
}

const poolBytes = 1 << 20

// A pool is the pseudo-random bytes of tests/bench/base.c; payloads are neighbouring slices of it,
// a power of two of them.
type pool struct {
	bytes  []byte
	size   int
	slices int
}

func newPool(size int) *pool {
	p := &pool{bytes: make([]byte, 0, poolBytes), size: size, slices: 1}
	for x := uint64(0x6c69627761); len(p.bytes) < poolBytes; {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		for shift := 0; shift < 64; shift += 8 {
			p.bytes = append(p.bytes, byte(x>>shift))
		}
	}
	for p.slices*2*size <= poolBytes {
		p.slices *= 2
	}
	return p
}

// payload gives that of record i, counted from 0.
func (r *run) payload(i int) []byte {
	at := (i & (r.pool.slices - 1)) * r.size
	return r.pool.bytes[at : at+r.size]
}
