// SPDX-License-Identifier: Apache-2.0

// Package walprom has a collector for Prometheus of what a log of package wal has to tell:
//
//	registry.MustRegister(walprom.NewCollector(log, nil))
//
// It asks the log at each scrape; between them it costs nothing. Names, types and texts are those
// of `walctl stats --prometheus`; besides there is what only a running log counts.
package walprom

import (
	"maps"
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	wal "github.com/libwal/libwal/bindings/go"
)

// A Collector is one log's. It goes on after the log's Close, with nothing to tell.
type Collector struct {
	log      *wal.Log
	gauges   []figure
	counters []figure

	truncated              *prometheus.Desc
	appends, syncs, groups *prometheus.Desc
}

// A figure is a metric that is one number.
type figure struct {
	desc  *prometheus.Desc
	value func(l *look) (value float64, ok bool)
}

// NewCollector makes a collector of a log. Each metric has the label log, the log's path, and those
// that are given, which come first. Collectors of several logs differ by them, but have the same
// label names.
func NewCollector(log *wal.Log, labels prometheus.Labels) *Collector {
	all := prometheus.Labels{"log": log.Path()}
	maps.Copy(all, labels)
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc("libwal_"+name, help, variable, all)
	}
	figures := func(list []description) []figure {
		var made []figure
		for _, d := range list {
			made = append(made, figure{desc(d.name, d.help), d.value})
		}
		return made
	}
	return &Collector{
		log:      log,
		gauges:   figures(gauges),
		counters: figures(counters),
		truncated: desc("truncated_records_total",
			"Records that were cut off, at the front or back.", "side"),
		appends: desc("append_duration_seconds", "Time inside appends and commits."),
		syncs:   desc("fsync_duration_seconds", "Time of a sync."),
		groups:  desc("commit_group_records", "Records per group."),
	}
}

// Describe is for the registry.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	for _, f := range slices.Concat(c.gauges, c.counters) {
		to <- f.desc
	}
	for _, desc := range []*prometheus.Desc{c.truncated, c.appends, c.syncs, c.groups} {
		to <- desc
	}
}

// Collect is for the registry. A log that is closed, or whose files can't be looked at, gives
// nothing: a scrape never fails by it.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	l, err := lookAt(c.log)
	if err != nil {
		return
	}
	send := func(figures []figure, kind prometheus.ValueType) {
		for _, f := range figures {
			if value, ok := f.value(l); ok {
				to <- prometheus.MustNewConstMetric(f.desc, kind, value)
			}
		}
	}
	send(c.gauges, prometheus.GaugeValue)
	send(c.counters, prometheus.CounterValue)
	for side, records := range map[string]uint64{
		"front": l.stats.TruncatedFront, "back": l.stats.TruncatedBack,
	} {
		to <- prometheus.MustNewConstMetric(c.truncated, prometheus.CounterValue, float64(records),
			side)
	}
	unknown := math.NaN()
	to <- histogram(c.appends, l.appends, shortest, longest, nanoseconds, unknown)
	to <- histogram(c.syncs, l.syncs, shortest, longest, nanoseconds, l.stats.SyncTime.Seconds())
	to <- histogram(c.groups, l.groups, 0, 16, whole, unknown)
}

// Of 64 counts those become buckets that say something about disks: 16 us to 17 s.
const shortest, longest = 13, 33

// Bucket i of the library counts what is below 2^(i+1).
func nanoseconds(limit float64) float64 { return limit * 1e-9 }

func whole(limit float64) float64 { return limit - 1 }

// histogram makes buckets of the library's first to last. The library keeps no sum but that of
// syncs: others are no number.
func histogram(
	desc *prometheus.Desc, counts [64]uint64, first, last int, bound func(float64) float64,
	sum float64,
) prometheus.Metric {
	buckets := make(map[float64]uint64)
	total := uint64(0)
	for i, count := range counts {
		total += count
		if first <= i && i <= last {
			buckets[bound(math.Exp2(float64(i+1)))] = total
		}
	}
	return prometheus.MustNewConstHistogram(desc, total, sum, buckets)
}
