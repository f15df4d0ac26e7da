/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of a test, and a dog that watches them. cmocka's own asserts belong to the main thread;
 * everywhere else MUST stops the program, with the line that says why. */
#ifndef WAL_TESTS_CREW_H
#define WAL_TESTS_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define MUST(condition)        ((condition) ? (void)0 : crew_stop(__FILE__, __LINE__, #condition))
#define MUST_BE(actual, right) crew_compare(__FILE__, __LINE__, #actual, (actual), (right))

_Noreturn void crew_stop(const char *file, int line, const char *what);
/* Stops with both numbers, and the text of the thread's last error. */
void crew_compare(const char *file, int line, const char *what, int64_t actual, int64_t right);

enum { CREW_MAX = 64 };

struct crew;
struct crew_member {
    struct crew *crew;
    unsigned k;
    pthread_t thread;
};
struct crew {
    void (*work)(void *arg, unsigned k);
    void *arg;
    unsigned n;
    struct crew_member members[CREW_MAX];
};

/* Runs work(arg, k) for k = 0 .. n - 1, each on a thread of its own. */
void crew_start(struct crew *c, unsigned n, void (*work)(void *arg, unsigned k), void *arg);
void crew_join(struct crew *c);
void crew_run(unsigned n, void (*work)(void *arg, unsigned k), void *arg);

/* The dog barks, and ends the program, when nobody calls dog_feed for 60 seconds. */
void dog_start(void);
void dog_feed(void);
void dog_stop(void);

/* Waits until a number that other threads change has reached `least`. */
void crew_await(_Atomic uint32_t *value, uint32_t least);
/* Lets others run. */
void crew_pause(void);

/* A small random generator, one per thread. */
uint32_t crew_random(uint64_t *seed);

#endif
