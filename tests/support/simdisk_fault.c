/* SPDX-License-Identifier: Apache-2.0 */
#include "support/simdisk_inner.h"

static const char *const call_names[SIMDISK_CALLS] = {
    "any",     "dir_make", "dir_remove", "dir_open",  "dir_list",  "file_open", "temp_open",
    "stat_at", "rename",   "unlink",     "close",     "stat",      "pread",     "pwritev",
    "sync",    "truncate", "clone",      "writeback", "next_data", "lock",
};

const char *simdisk_call_name(enum simdisk_call call)
{
    return call_names[call];
}

void simdisk_set_hook(struct simdisk *d, simdisk_hook_fn hook, void *arg)
{
    d->hook = hook;
    d->hook_arg = arg;
}

uint64_t simdisk_calls(const struct simdisk *d, enum simdisk_call call)
{
    return d->calls[call];
}

uint64_t simdisk_version(const struct simdisk *d)
{
    return d->version;
}

void simdisk_inject(struct simdisk *d, const struct simdisk_fault *f)
{
    if (d->fault_count == SIM_FAULTS)
        sim_die("more than %d faults wait", SIM_FAULTS);
    if (f->at == 0)
        sim_die("a fault at call 0: the next call is 1");
    struct simdisk_fault *own = &d->faults[d->fault_count++];
    *own = *f;
    own->at += d->calls[f->call];
}

void simdisk_clear_faults(struct simdisk *d)
{
    d->fault_count = 0;
}

uint64_t simdisk_faults_struck(const struct simdisk *d)
{
    return d->struck;
}

void simdisk_set_full(struct simdisk *d, uint64_t at, int error)
{
    d->full_from = d->calls[SIMDISK_ANY] + at;
    d->full_error = error;
}

void simdisk_set_capacity(struct simdisk *d, uint64_t bytes)
{
    d->capacity = bytes / SIM_PAGE;
}

static bool fits(const struct simdisk_fault *f, enum simdisk_call call)
{
    return f->error > 0 || call == SIMDISK_PREAD || call == SIMDISK_PWRITEV;
}

const struct simdisk_fault *sim_enter(struct simdisk *d, enum simdisk_call call, const char *name)
{
    if (d->hook != NULL)
        d->hook(d->hook_arg, d, call, name);
    d->calls[SIMDISK_ANY]++;
    d->calls[call]++;
    const struct simdisk_fault *striking = NULL;
    for (uint32_t i = 0; i < d->fault_count;) {
        struct simdisk_fault f = d->faults[i];
        if ((f.call != SIMDISK_ANY && f.call != call) || d->calls[f.call] != f.at) {
            i++;
            continue;
        }
        d->faults[i] = d->faults[--d->fault_count];
        if (fits(&f, call) && striking == NULL) {
            d->striking = f;
            striking = &d->striking;
        }
    }
    d->struck += striking != NULL;
    return striking;
}

const struct simdisk_fault *sim_enter_fd(struct simdisk *d, enum simdisk_call call, int fd)
{
    const char *name = "";
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (d->hook != NULL && f != NULL)
        name = sim_name_of(d, f->ino);
    return sim_enter(d, call, name);
}
