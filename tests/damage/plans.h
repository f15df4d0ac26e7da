/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of tests that damage made logs, place by place: a plan says which log and how
 * thoroughly, and each is a cmocka test of its own. */
#ifndef WAL_TESTS_PLANS_H
#define WAL_TESTS_PLANS_H

#include "layout.h"
#include "trial.h"

extern struct trial trial;
/* A copy of the made log; each case spoils it and puts it right again. */
extern struct image damaged;

/* plan: one of the plans; c: what the log's control says. */
typedef void (*damage_fn)(const void *plan, const struct control *c);
/* Main program: fn for each plan. A plan is a struct of `size` bytes that begins with an
 * enum made_kind. */
int plans_run(const void *plans, size_t n, size_t size, damage_fn fn);

#endif
