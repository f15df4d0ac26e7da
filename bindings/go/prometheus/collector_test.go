// SPDX-License-Identifier: Apache-2.0

package walprom_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	wal "github.com/libwal/libwal/bindings/go"
	walprom "github.com/libwal/libwal/bindings/go/prometheus"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newLog(t *testing.T) *wal.Log {
	t.Helper()
	log, err := wal.Open(filepath.Join(t.TempDir(), "log"))
	check(t, err)
	t.Cleanup(func() { log.Close() })
	return log
}

// filled gives a log in which all that is counted in the test is known.
func filled(t *testing.T) *wal.Log {
	t.Helper()
	log := newLog(t)
	for range 5 {
		_, err := log.Append(context.Background(), []byte("four"))
		check(t, err)
	}
	check(t, log.Meta().Set("cursor", []byte("3")))
	check(t, log.TruncateBefore(2))
	check(t, log.TruncateAfter(3))
	return log
}

func TestFigures(t *testing.T) {
	c := walprom.NewCollector(filled(t), prometheus.Labels{"log": "mine", "team": "a"})
	for name, want := range map[string]string{
		"libwal_records":              "gauge 2 Records in the log.",
		"libwal_first_lsn":            "gauge 2 The smallest LSN in the log.",
		"libwal_last_lsn":             "gauge 3 The largest LSN in the log.",
		"libwal_next_lsn":             "gauge 4 The LSN that the next record gets.",
		"libwal_durable_lsn":          "gauge 3 Records up to this LSN are durable.",
		"libwal_metadata_keys":        "gauge 1 Keys of the log's metadata.",
		"libwal_failed":               "gauge 0 1 when the log has failed, and has to be opened again.",
		"libwal_append_records_total": "counter 5 Records appended.",
		"libwal_append_bytes_total":   "counter 20 Bytes of their payloads.",
	} {
		part := strings.SplitN(want, " ", 3)
		text := fmt.Sprintf("# HELP %s %s\n# TYPE %s %s\n%s{log=\"mine\",team=\"a\"} %s\n",
			name, part[2], name, part[0], name, part[1])
		check(t, testutil.CollectAndCompare(c, strings.NewReader(text), name))
	}
	check(t, testutil.CollectAndCompare(c, strings.NewReader(`
		# HELP libwal_truncated_records_total Records that were cut off, at the front or back.
		# TYPE libwal_truncated_records_total counter
		libwal_truncated_records_total{log="mine",side="back",team="a"} 2
		libwal_truncated_records_total{log="mine",side="front",team="a"} 1
	`), "libwal_truncated_records_total"))
}

func TestHistograms(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	log := filled(t)
	check(t, registry.Register(walprom.NewCollector(log, nil)))
	families, err := registry.Gather()
	check(t, err)
	found := 0
	for _, family := range families {
		h := family.GetMetric()[0].GetHistogram()
		if h == nil {
			continue
		}
		found++
		if h.GetSampleCount() == 0 || len(h.GetBucket()) < 17 {
			t.Errorf("%s: %v", family.GetName(), h)
		}
		if family.GetName() == "libwal_fsync_duration_seconds" && !(h.GetSampleSum() > 0) {
			t.Errorf("syncs took %v", h.GetSampleSum())
		}
		if family.GetName() == "libwal_commit_group_records" &&
			h.GetBucket()[0].GetCumulativeCount() != 6 {
			t.Errorf("groups of one record, and one without: %v", h)
		}
	}
	if found != 3 {
		t.Errorf("%d histograms", found)
	}
	problems, err := testutil.CollectAndLint(walprom.NewCollector(log, nil))
	check(t, err)
	for _, problem := range problems {
		t.Error(problem.Metric, problem.Text)
	}
}

func TestSeveralAndClosed(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	one, two := newLog(t), newLog(t)
	check(t, registry.Register(walprom.NewCollector(one, nil)))
	check(t, registry.Register(walprom.NewCollector(two, nil)))
	if registry.Register(walprom.NewCollector(two, nil)) == nil {
		t.Error("the same log twice")
	}
	both, err := testutil.GatherAndCount(registry, "libwal_records", "libwal_last_lsn")
	check(t, err)
	check(t, two.Close())
	single, err := testutil.GatherAndCount(registry, "libwal_records")
	check(t, err)
	if both != 2 || single != 1 {
		t.Error(both, single)
	}
}
