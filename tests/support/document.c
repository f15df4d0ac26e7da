/* SPDX-License-Identifier: Apache-2.0 */
#include "support/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#ifndef SOURCE_DIR
#define SOURCE_DIR "." /* built by hand: to be run in the project's root */
#endif
#define DOCUMENT SOURCE_DIR "/docs/format.md"

enum { LINE_BYTES = 512, ROW_BYTES = 16 };

/* One line of a dump: an offset, bytes, and a remark behind a bar. */
static void read_line(const char *line, uint8_t *out, size_t size)
{
    char *at;
    unsigned long offset = strtoul(line, &at, 16);

    for (;;) {
        at += strspn(at, " ");
        if (*at == '|' || *at == '\n' || *at == '\0')
            return;
        char *end;
        unsigned long byte = strtoul(at, &end, 16);
        assert_int_equal(end - at, 2);
        assert_true(offset < size);
        out[offset++] = (uint8_t)byte;
        at = end;
    }
}

void document_read(const char *name, uint8_t *out, size_t size)
{
    char line[LINE_BYTES], begin[LINE_BYTES];
    bool inside = false, found = false;
    FILE *f = fopen(DOCUMENT, "r");

    assert_non_null(f);
    memset(out, 0, size);
    snprintf(begin, sizeof(begin), "```hex %s %zu\n", name, size);
    while (fgets(line, sizeof(line), f) != NULL) {
        if (inside && strncmp(line, "```", 3) == 0)
            break;
        if (inside)
            read_line(line, out, size);
        inside = inside || strcmp(line, begin) == 0;
        found = found || inside;
    }
    fclose(f);
    assert_true(found);
}

static void show(const char *name, const uint8_t *bytes, size_t size)
{
    printf("what the document has to show as %s:\n", name);
    for (size_t at = 0; at < size; at += ROW_BYTES) {
        size_t n = (size_t)min_u64(ROW_BYTES, size - at);
        if (all_zero(bytes + at, n))
            continue;
        printf("%04zx ", at);
        for (size_t i = 0; i < n; i++)
            printf(i == 8 ? "  %02x" : " %02x", bytes[at + i]);
        printf("\n");
    }
}

void document_expect(const char *name, const uint8_t *bytes, size_t size)
{
    static uint8_t shown[1 << 14];

    assert_true(size <= sizeof(shown));
    document_read(name, shown, size);
    if (memcmp(shown, bytes, size) != 0)
        show(name, bytes, size);
    assert_memory_equal(shown, bytes, size);
}
