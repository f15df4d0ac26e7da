/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "walctl/utf8.h"

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"';
}

/* Writes what needs no thought, and returns how many bytes that was. */
static size_t write_plain(FILE *to, const uint8_t *at, size_t size)
{
    size_t n = 0;

    while (n < size && is_plain(at[n]))
        n++;
    fwrite_unlocked(at, 1, n, to);
    return n;
}

/* The letter behind the backslash of a control character that has one, else 0. */
static char short_name(uint32_t c)
{
    return c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '\0';
}

/* One character or byte; returns how many bytes it was. */
static size_t escape_one(FILE *to, const uint8_t *at, size_t size, bool exact)
{
    uint32_t c = 0;
    size_t n = utf8_decode(at, size, &c);
    char name = n > 0 ? short_name(c) : '\0';

    if (name)
        fprintf(to, "\\%c", name);
    else if (exact && c == '\\')
        fputs("\\\\", to);
    else if (n > 0 && utf8_printable(c))
        fwrite_unlocked(at, 1, n, to);
    else
        for (size_t k = 0; k < (n > 0 ? n : 1); k++)
            fprintf(to, "\\x%02x", at[k]);
    return n > 0 ? n : 1;
}

static void escape(FILE *to, const void *data, size_t size, bool exact)
{
    const uint8_t *at = data, *end = at + size;

    while (at < end) {
        at += write_plain(to, at, (size_t)(end - at));
        if (at < end)
            at += escape_one(to, at, (size_t)(end - at), exact);
    }
}

void escape_text(FILE *to, const void *data, size_t size)
{
    escape(to, data, size, true);
}

void escape_message(FILE *to, const char *text)
{
    escape(to, text, strlen(text), false);
}

static void json_escape(FILE *to, uint32_t c)
{
    if (short_name(c))
        fprintf(to, "\\%c", short_name(c));
    else if (c < 0x10000)
        fprintf(to, "\\u%04x", c);
    else
        fprintf(to, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
}

static size_t json_one(FILE *to, const uint8_t *at, size_t size)
{
    uint32_t c = 0;
    size_t n = utf8_decode(at, size, &c);

    if (n == 0)
        fputs("\\ufffd", to);
    else if (c == '"' || c == '\\')
        fprintf(to, "\\%c", (int)c);
    else if (utf8_printable(c))
        fwrite_unlocked(at, 1, n, to);
    else
        json_escape(to, c);
    return n > 0 ? n : 1;
}

void escape_json(FILE *to, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;

    fputc('"', to);
    while (at < end) {
        at += write_plain(to, at, (size_t)(end - at));
        if (at < end)
            at += json_one(to, at, (size_t)(end - at));
    }
    fputc('"', to);
}
