/* SPDX-License-Identifier: Apache-2.0 */
/* A graph store: a transaction is a batch, so all of it is there after a crash or nothing. The
 * graph is saved to a file of its own now and then; a checkpoint in the log is the fence that says
 * up to where, and a start reads the file and replays what lies above the fence.
 *
 *     graph DIR tx CHANGE...     one transaction: +A a node, -A takes it away, A>B an edge
 *     graph DIR show | save | log */
#include <fcntl.h>
#include <libwal/wal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODE = 1, GONE = 2, EDGE = 3, NODES = 26, PATH = 4096 };

struct graph {
    unsigned char nodes[NODES], edges[NODES][NODES];
};

static struct graph graph;

/* Changes are two bytes: a node, or an edge's ends. */
static int apply(void *ctx, const wal_record_t *record)
{
    struct graph *g = ctx;
    const unsigned char *at = record->data;

    if (record->type == EDGE)
        g->edges[at[0]][at[1]] = g->nodes[at[0]] && g->nodes[at[1]];
    else
        g->nodes[at[0]] = record->type == NODE;
    for (int k = 0; record->type == GONE && k < NODES; k++)
        g->edges[at[0]][k] = g->edges[k][at[0]] = 0;
    return 0;
}

static const char *snapshot_path(const char *dir, const char *end)
{
    static char path[PATH];
    snprintf(path, sizeof path, "%s/graph.%s", dir, end);
    return path;
}

/* First the file, durable under its name; then the fence; only then may records go. */
static int save(wal_t *log, const char *dir)
{
    char from[PATH];
    uint64_t lsn = wal_durable_lsn(log);
    snprintf(from, sizeof from, "%s", snapshot_path(dir, "new"));
    int fd = open(from, O_WRONLY | O_CREAT | O_TRUNC, 0600), folder = open(dir, O_RDONLY);
    int wrong = fd < 0 || folder < 0 || write(fd, &graph, sizeof graph) != sizeof graph ||
                fsync(fd) != 0 || rename(from, snapshot_path(dir, "saved")) != 0 ||
                fsync(folder) != 0;

    close(fd);
    close(folder);
    if (wrong) {
        perror(from);
        return -1;
    }
    int e = lsn ? wal_checkpoint(log, lsn, NULL, 0) : 0;
    return e == 0 && lsn ? wal_truncate_before(log, lsn + 1) : e;
}

/* A file that is newer than the fence does no harm: changes can be applied twice in order. */
static int load(wal_t *log, const char *dir)
{
    int fd = open(snapshot_path(dir, "saved"), O_RDONLY);
    if (fd >= 0 && read(fd, &graph, sizeof graph) != sizeof graph)
        return -1;
    close(fd);
    return wal_replay(log, 0, apply, &graph, NULL);
}

static int add(wal_batch_t *batch, const char *change)
{
    const char *a = change[0] == '+' || change[0] == '-' ? change + 1 : change;
    unsigned char at[2] = {(unsigned char)(*a - 'a'), 0};
    uint32_t type = change[0] == '+' ? NODE : change[0] == '-' ? GONE : EDGE;

    if (type == EDGE)
        at[1] = (unsigned char)(a[0] && a[1] == '>' ? a[2] - 'a' : NODES);
    if (at[0] >= NODES || at[1] >= NODES) {
        fprintf(stderr, "%s is no change\n", change);
        return -1;
    }
    return wal_batch_append(batch, type, at, sizeof at);
}

/* One wrong change, and nothing of the transaction is ever in the log. */
static int transaction(wal_t *log, int n, char **changes)
{
    wal_batch_t *batch;
    int e = wal_batch_new(log, &batch);
    if (e < 0)
        return e;
    for (int k = 0; e == 0 && k < n; k++)
        e = add(batch, changes[k]);
    e = e == 0 ? wal_batch_commit(batch, 0, NULL, NULL) : e;
    wal_batch_free(batch);
    return e;
}

static int show(void)
{
    for (int a = 0; a < NODES; a++) {
        if (!graph.nodes[a])
            continue;
        printf("%c:", 'a' + a);
        for (int b = 0; b < NODES; b++)
            if (graph.edges[a][b])
                printf(" %c", 'a' + b);
        putchar('\n');
    }
    return 0;
}

static int run(wal_t *log, int argc, char **argv)
{
    const char *what = argc > 2 ? argv[2] : "show";

    if (load(log, argv[1]) < 0)
        return -1;
    if (strcmp(what, "tx") == 0)
        return transaction(log, argc - 3, argv + 3);
    if (strcmp(what, "save") == 0)
        return save(log, argv[1]);
    if (strcmp(what, "log") == 0)
        printf("records %d to %d\n", (int)wal_first_lsn(log), (int)wal_last_lsn(log));
    return strcmp(what, "show") == 0 ? show() : 0;
}

int main(int argc, char **argv)
{
    wal_error_t error = {.size = sizeof error};
    wal_t *log;

    if (argc < 2)
        return 2;
    int e = wal_open(argv[1], NULL, &log);
    if (e == 0) {
        e = run(log, argc, argv);
        int closed = wal_close(log);
        e = e < 0 ? e : closed;
    }
    if (e < 0 && wal_last_error(&error, sizeof error) == 0 && error.code)
        fprintf(stderr, "%s\n", error.message);
    return e < 0;
}
