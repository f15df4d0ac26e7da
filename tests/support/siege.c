/* SPDX-License-Identifier: Apache-2.0 */
#include "support/siege.h"

#include <errno.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { FAULT_STEP = 5 };
#else
enum { FAULT_STEP = 1 };
#endif

/* Kind of the call with this number. */
struct recording {
    enum simdisk_call calls[4000];
    uint64_t n;
};

static void record(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    struct recording *r = arg;
    (void)d;
    (void)name;
    if (r->n < sizeof r->calls / sizeof *r->calls)
        r->calls[r->n++] = call;
}

static int fail_one(const struct siege *s, uint64_t at, int error)
{
    struct simdisk *d = simdisk_clone(s->start);
    struct simdisk_fault f = {.call = SIMDISK_ANY, .at = at, .error = error, .part = SIMDISK_HALF};

    simdisk_inject(d, &f);
    int result = s->run(s->arg, d);
    simdisk_clear_faults(d);
    s->look(s->arg, d, 1, result);
    simdisk_free(d);
    return result;
}

uint64_t siege_faults(const struct siege *s)
{
    static struct recording r;
    struct simdisk *d = simdisk_clone(s->start);
    uint64_t n = 0;

    r.n = 0;
    simdisk_set_hook(d, record, &r);
    (void)s->run(s->arg, d);
    simdisk_free(d);
    for (uint64_t k = 1; k <= r.n; k += FAULT_STEP) {
        fail_one(s, k, EIO);
        n++;
        if (r.calls[k - 1] == SIMDISK_PWRITEV || r.calls[k - 1] == SIMDISK_FILE_OPEN) {
            fail_one(s, k, ENOSPC);
            n++;
        }
    }
    return n;
}

struct cuts {
    const struct siege *siege;
    uint64_t limit, version, n;
};

static int look_at(void *arg, struct simdisk *image)
{
    struct cuts *c = arg;
    c->n++;
    c->siege->look(c->siege->arg, image, 0, 0);
    return 0;
}

static void cut(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    struct cuts *c = arg;
    (void)call;
    (void)name;
    if (simdisk_version(d) == c->version)
        return;
    c->version = simdisk_version(d);
    simdisk_power_images(d, c->limit, c->n, look_at, c, NULL);
    struct simdisk *killed = simdisk_kill_image(d);
    look_at(c, killed);
    simdisk_free(killed);
}

uint64_t siege_cuts(const struct siege *s, uint64_t limit)
{
    struct cuts c = {.siege = s, .limit = limit, .version = UINT64_MAX};
    struct simdisk *d = simdisk_clone(s->start);

    simdisk_set_hook(d, cut, &c);
    int result = s->run(s->arg, d);
    simdisk_set_hook(d, NULL, NULL);
    s->look(s->arg, d, 1, result);
    simdisk_free(d);
    return c.n;
}
