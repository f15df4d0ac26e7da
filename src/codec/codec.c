/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/codec.h"

#include <limits.h>
#include <zlib.h>

#include "base/codes.h"
#include "base/fault.h"

static void *stream_alloc(void *ctx, unsigned items, unsigned size)
{
    return mem_new(ctx, (size_t)items * size);
}

static void stream_free(void *ctx, void *p)
{
    mem_free(ctx, p);
}

/* zlib asks for a pointer that isn't const, and hands it back. */
static void use_alloc(z_stream *z, const struct alloc *a)
{
    z->zalloc = stream_alloc;
    z->zfree = stream_free;
    z->opaque = (void *)(uintptr_t)a;
}

int compressor_init(struct compressor *c, const struct alloc *a, int level)
{
    z_stream *z = mem_new_zeroed(a, sizeof *z);
    if (!z)
        return fault_nomem();
    use_alloc(z, a);
    if (deflateInit(z, level) != Z_OK) {
        mem_free(a, z);
        return fault_nomem();
    }
    *c = (struct compressor){.stream = z, .alloc = a};
    return 0;
}

void compressor_free(struct compressor *c)
{
    if (!c->stream)
        return;
    (void)deflateEnd(c->stream);
    mem_free(c->alloc, c->stream);
    c->stream = NULL;
}

size_t compress_into(struct compressor *c, const void *in, size_t size, void *out, size_t cap)
{
    z_stream *z = c->stream;

    if (size > UINT_MAX || cap > UINT_MAX || deflateReset(z) != Z_OK)
        return 0;
    z->next_in = (Bytef *)(uintptr_t)in;
    z->avail_in = (unsigned)size;
    z->next_out = out;
    z->avail_out = (unsigned)cap;
    return deflate(z, Z_FINISH) == Z_STREAM_END ? cap - z->avail_out : 0;
}

int decompress_exactly(const struct alloc *a, const void *in, size_t size, void *out, size_t raw)
{
    z_stream z = {0};

    if (size > UINT_MAX || raw > UINT_MAX)
        return 0;
    use_alloc(&z, a);
    z.next_in = (Bytef *)(uintptr_t)in;
    z.avail_in = (unsigned)size;
    z.next_out = out;
    z.avail_out = (unsigned)raw;
    if (inflateInit(&z) != Z_OK)
        return fault_nomem();
    int got = inflate(&z, Z_FINISH);
    bool exact = got == Z_STREAM_END && z.avail_in == 0 && z.avail_out == 0;
    (void)inflateEnd(&z);
    return got == Z_MEM_ERROR ? fault_nomem() : exact;
}
