/* SPDX-License-Identifier: Apache-2.0 */
#include "log/durable_calls.h"

#include <stdbool.h>
#include <stddef.h>

/* A pairing heap: each node is not above its children, which are a list. */

static bool before(const struct durable_call *a, const struct durable_call *b)
{
    return a->lsn != b->lsn ? a->lsn < b->lsn : a->order < b->order;
}

static struct durable_call *meld(struct durable_call *a, struct durable_call *b)
{
    if (!a || !b)
        return a ? a : b;
    if (before(b, a)) {
        struct durable_call *first = b;
        b = a;
        a = first;
    }
    b->next = a->child;
    a->child = b;
    return a;
}

/* The children of a node that is gone: pairs first, then the pairs from the back to the front. */
static struct durable_call *meld_list(struct durable_call *list)
{
    struct durable_call *pairs = NULL, *all = NULL;

    while (list) {
        struct durable_call *a = list, *b = a->next;
        list = b ? b->next : NULL;
        a->next = NULL;
        if (b)
            b->next = NULL;
        a = meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct durable_call *a = pairs;
        pairs = a->next;
        a->next = NULL;
        all = meld(all, a);
    }
    return all;
}

static struct durable_call *pop(struct durable_call **heap)
{
    struct durable_call *x = *heap;
    *heap = meld_list(x->child);
    x->child = x->next = NULL;
    return x;
}

void durable_calls_add(struct durable_calls *d, struct durable_call *x)
{
    x->order = d->order++;
    x->child = x->next = NULL;
    d->waiting = meld(d->waiting, x);
}

static void append_due(struct durable_calls *d, struct durable_call *x)
{
    *(d->last ? &d->last->next : &d->due) = x;
    d->last = x;
    d->due_count++;
}

void durable_calls_answer(struct durable_calls *d, uint64_t lsn, int result)
{
    while (d->waiting && d->waiting->lsn <= lsn) {
        struct durable_call *x = pop(&d->waiting);
        x->result = result;
        append_due(d, x);
    }
}

void durable_calls_answer_all(struct durable_calls *d, int result)
{
    d->waiting = meld(d->waiting, d->passed);
    d->passed = NULL;
    durable_calls_answer(d, UINT64_MAX, result);
}

void durable_calls_cut(struct durable_calls *d, uint64_t kept, uint64_t durable)
{
    d->waiting = meld(d->waiting, d->passed);
    d->passed = NULL;
    while (d->waiting && d->waiting->lsn <= kept) {
        struct durable_call *x = pop(&d->waiting);
        d->passed = meld(d->passed, x);
    }
    durable_calls_answer(d, durable, 0);
}

uint64_t durable_calls_insert(struct durable_calls *d, struct durable_call *x)
{
    struct durable_call *prev = NULL;
    uint64_t n = 1;

    for (struct durable_call *at = d->due; at && at->lsn <= x->lsn; at = at->next, n++)
        prev = at;
    x->next = prev ? prev->next : d->due;
    *(prev ? &prev->next : &d->due) = x;
    if (!x->next)
        d->last = x;
    d->due_count++;
    return n;
}

struct durable_call *durable_calls_take(struct durable_calls *d)
{
    struct durable_call *x = d->due;
    if (!x)
        return NULL;
    d->due = x->next;
    if (!d->due)
        d->last = NULL;
    d->due_count--;
    x->next = NULL;
    return x;
}

void durable_calls_free(struct durable_calls *d, const struct alloc *a)
{
    struct durable_call *x;
    durable_calls_answer_all(d, 0);
    while ((x = durable_calls_take(d)))
        mem_free(a, x);
}
