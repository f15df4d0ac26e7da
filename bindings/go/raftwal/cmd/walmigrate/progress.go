// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// progress says how far a step has come: a bar on a terminal, else a line now and then.
type progress struct {
	to       *os.File // nil: it says nothing
	terminal bool
	every    time.Duration
	next     time.Time
	what     string
	total    uint64
	drawn    bool
}

func newProgress(to *os.File, quiet bool) *progress {
	if quiet {
		return &progress{}
	}
	p := &progress{to: to, every: 10 * time.Second}
	if info, err := to.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		p.terminal, p.every = true, 100*time.Millisecond
	}
	return p
}

// begin begins a step of so many logs.
func (p *progress) begin(what string, total uint64) {
	p.what, p.total, p.next = what, total, time.Now().Add(p.every)
	if p.terminal {
		p.next = time.Now()
	}
}

// at says that so many are done.
func (p *progress) at(done uint64) {
	if p.to == nil || time.Now().Before(p.next) {
		return
	}
	p.next = time.Now().Add(p.every)
	if !p.terminal {
		fmt.Fprintf(p.to, "walmigrate: %s: %d of %d logs\n", p.what, done, p.total)
		return
	}
	const cells = 30
	full := int(float64(done) / float64(p.total) * cells)
	fmt.Fprintf(p.to, "\r\033[K%s [%s%s] %d of %d", p.what, strings.Repeat("#", full),
		strings.Repeat(".", cells-full), done, p.total)
	p.drawn = true
}

// end takes the bar away.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.to, "\r\033[K")
	}
	p.drawn = false
}
