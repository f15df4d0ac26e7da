/* SPDX-License-Identifier: Apache-2.0 */
/* Crashes a log at every I/O call of a sequence of operations, by kill and by power cut, and again
 * inside of the recovery that follows; each image is opened, compared with the oracle, written to,
 * closed and opened once more. A state is a distinct pair of an image and what the oracle allows.
 * Everything follows from the seed. */
#ifndef WAL_TESTS_EXPLORE_H
#define WAL_TESTS_EXPLORE_H

#include "crash/session.h"

struct explorer {
    const struct setup *setup;
    uint64_t seed;
    uint64_t limit;          /* images per power cut, about */
    uint64_t nested_limit;   /* the same inside of recovery */
    uint64_t nested_share;   /* one state in so many is crashed again; 0: none */
    const char *tail;        /* operations behind a recovery; "s" */
    uint32_t depth;          /* how often one after the other */
    bool faulted;            /* explore_now: writes that nobody hears of may have failed */
    bool (*stop)(void *arg); /* NULL: never */
    void *stop_arg;

    uint64_t sequences, points, images, repeats, follows;
    uint64_t deeper[4]; /* images by the number of crashes before */
    bool found;         /* a violation, the first one: */
    char report[1600];

    uint64_t *seen; /* hashes; 0: free */
    uint64_t seen_count, seen_room;
};

/* A crash point: the disk and the oracle as they were then. */
struct point {
    struct simdisk *disk;
    struct oracle oracle;
    const struct secrets *secrets; /* so much was encrypted then: */
    uint32_t uses;
    char where[64];
};

/* Crash points of a session, noted before each call for which the last one would not do. */
struct recorder {
    struct session *session;
    bool on;
    const char *phase;
    uint64_t disk_version, oracle_version;
    struct point *points;
    uint32_t count, room;
};
void recorder_note(struct recorder *r, const char *call, const char *name);
void recorder_free(struct recorder *r);

void explorer_init(struct explorer *x, uint64_t seed);
void explorer_free(struct explorer *x);
/* All crash points of one sequence; those of the creation too with `creation`. */
void explore(struct explorer *x, const struct setup *setup, const char *letters, bool creation);
/* The present state of a session as the only crash point. */
void explore_now(struct explorer *x, const struct session *s, const char *trace);
/* What a recorder has noted. */
void explore_recorded(struct explorer *x, const struct recorder *r, const char *trace);

#endif
