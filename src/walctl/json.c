/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "walctl/base64.h"
#include "walctl/escape.h"
#include "walctl/utf8.h"

static bool first;

void json_begin(void)
{
    putchar('{');
    first = true;
}

static void put_key(const char *key)
{
    printf(first ? "\"%s\":" : ",\"%s\":", key);
    first = false;
}

void json_u64(const char *key, uint64_t value)
{
    put_key(key);
    printf("%" PRIu64, value);
}

void json_bool(const char *key, bool value)
{
    put_key(key);
    fputs(value ? "true" : "false", stdout);
}

void json_string(const char *key, const void *data, size_t size)
{
    put_key(key);
    escape_json(stdout, data, size);
}

void json_text(const char *key, const char *text)
{
    json_string(key, text, strlen(text));
}

void json_base64(const char *key, const void *data, size_t size)
{
    put_key(key);
    putchar('"');
    base64_write(stdout, data, size);
    putchar('"');
}

void json_bytes(const char *data_key, const char *text_key, const void *data, size_t size)
{
    json_base64(data_key, data, size);
    if (utf8_valid(data, size))
        json_string(text_key, data, size);
}

void json_end(void)
{
    fputs("}\n", stdout);
}
