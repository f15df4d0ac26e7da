/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "walctl/samples.h"
#include "walctl/signals.h"

enum { BAR_CELLS = 30 };
#define PERIOD_NS UINT64_C(100000000)

static struct {
    const char *what; /* NULL: no bar */
    uint64_t total, next_ns;
    bool drawn;
} bar;

static void draw(uint64_t done)
{
    static const char cells[] = "##############################",
                      gaps[] = "..............................";
    double part = done < bar.total ? (double)done / (double)bar.total : 1;
    int full = (int)(part * BAR_CELLS);

    fprintf(stderr, "\r%s [%.*s%.*s] %3d%%", bar.what, full, cells, BAR_CELLS - full, gaps,
            (int)(part * 100));
    fflush(stderr);
    bar.drawn = true;
}

void progress_begin(const char *what, uint64_t total)
{
    bar.what = total > 0 && isatty(STDERR_FILENO) ? what : NULL;
    bar.total = total;
    bar.next_ns = 0;
    progress_at(0);
}

void progress_at(uint64_t done)
{
    if (!bar.what)
        return;
    uint64_t now = samples_now_ns();
    if (now < bar.next_ns)
        return;
    draw(done);
    bar.next_ns = now + PERIOD_NS;
}

void progress_hide(void)
{
    if (bar.drawn)
        fputs("\r\033[K", stderr);
    bar.drawn = false;
    bar.next_ns = 0;
}

void progress_end(void)
{
    progress_hide();
    bar.what = NULL;
}

int progress_follow(void *what, uint64_t done, uint64_t total)
{
    if (!bar.what)
        progress_begin(what, total);
    progress_at(done);
    return signals_caught();
}
