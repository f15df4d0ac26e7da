/* SPDX-License-Identifier: Apache-2.0 */
/* How long a reader in another process takes to see what is durable. */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base.h"
#include "bench/latency.h"
#include "bench/walbench.h"

enum { PAUSE_US = 1000, TIMES_MAX = 1 << 20, TYPE_END = 1 };

/* Of one record, ns. */
struct times {
    uint64_t called, returned; /* the append */
    uint64_t seen;             /* by the other process */
};

/* Shared by both processes. */
struct shared {
    _Atomic uint32_t ready;
    uint64_t n;
    struct times of[TIMES_MAX];
};

static struct shared *share(void)
{
    void *p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                   -1, 0);
    if (p == MAP_FAILED)
        die("no memory to share");
    return p;
}

static void see_all(wal_reader_t *r, struct shared *s)
{
    wal_record_t record = {.size = sizeof record};
    int e = 0;

    for (uint64_t k = 0; k == 0 || record.type != TYPE_END;) {
        need(wal_reader_wait(r, -1), "wait");
        while ((e = wal_reader_next(r, &record)) == 1 && record.type != TYPE_END)
            s->of[k++].seen = now_ns();
        need(e, "read");
    }
}

static void follow(const struct args *a, struct shared *s)
{
    wal_options_t *o = options_of(a);
    wal_reader_t *r;
    wal_t *w;

    need(wal_options_set(o, WAL_OPT_READ_ONLY, 1), "read_only");
    need(wal_open(a->dir, o, &w), "open to follow");
    wal_options_free(o);
    need(wal_reader_open(w, 0, 0, &r), "reader");
    atomic_store(&s->ready, 1);
    see_all(r, s);
    wal_reader_close(r);
    need(wal_close(w), "close");
}

/* Durable records with a pause behind each, so that the other one sleeps again. */
static void append_slowly(wal_t *w, const struct args *a, struct shared *s)
{
    uint64_t limit = (uint64_t)(a->seconds * 1e9), began = now_ns();

    do {
        struct times *t = &s->of[s->n];
        usleep(PAUSE_US);
        t->called = now_ns();
        need(wal_append_typed(w, 0, payload_at(s->n), a->size, WAL_APPEND_SYNC, NULL), "append");
        t->returned = now_ns();
    } while (++s->n < TIMES_MAX && now_ns() - began < limit);
    need(wal_append_typed(w, TYPE_END, NULL, 0, WAL_APPEND_SYNC, NULL), "append");
}

static uint64_t from(uint64_t began, uint64_t ended)
{
    return ended > began ? ended - began : 0; /* it may have been seen before */
}

static void tell(const struct shared *s)
{
    struct latency *after = calloc(2, sizeof *after), *whole = after + 1;

    if (!after)
        die("no memory for the latencies");
    for (uint64_t k = 0; k < s->n; k++) {
        latency_add(after, from(s->of[k].returned, s->of[k].seen));
        latency_add(whole, from(s->of[k].called, s->of[k].seen));
    }
    figure("p50", latency_at(after, 0.5) / 1e3, "us");
    figure("p99", latency_at(after, 0.99) / 1e3, "us");
    figure("p50_call", latency_at(whole, 0.5) / 1e3, "us");
    figure("p99_call", latency_at(whole, 0.99) / 1e3, "us");
    free(after);
}

void op_follow(const struct engine *e, const struct args *a)
{
    struct shared *s = share();
    int status;

    (void)e;
    clear_log(a);
    need(wal_close(open_log(a)), "close");
    pid_t child = fork();
    if (child == 0) {
        follow(a, s);
        _exit(0);
    }
    while (child > 0 && !atomic_load(&s->ready) && waitpid(child, &status, WNOHANG) == 0)
        usleep(PAUSE_US);
    if (child < 0 || !atomic_load(&s->ready))
        die("the process that follows has failed");
    wal_t *w = open_log(a);
    append_slowly(w, a, s);
    if (waitpid(child, &status, 0) != child || status != 0)
        die("the process that follows has failed");
    need(wal_close(w), "close");
    tell(s);
    munmap(s, sizeof *s);
}
