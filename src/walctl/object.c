/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/object.h"

#include <string.h>

#include "walctl/utf8.h"

enum { KEY_BYTES = 64 };

struct cursor {
    uint8_t *at, *end;
};

static const char not_json[] = "this is no JSON object in UTF-8";

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

/* Whether this comes next, which is then used up. */
static bool take(struct cursor *c, const char *text)
{
    size_t size = strlen(text);

    if ((size_t)(c->end - c->at) < size || memcmp(c->at, text, size) != 0)
        return false;
    c->at += size;
    return true;
}

static bool take_mark(struct cursor *c, const char *mark)
{
    skip_blanks(c);
    return take(c, mark);
}

static bool take_hex(struct cursor *c, uint32_t *ret)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t value = 0;

    if (c->end - c->at < 4)
        return false;
    for (int k = 0; k < 4; k++, c->at++) {
        const char *found = *c->at ? strchr(digits, *c->at) : NULL;
        if (!found)
            return false;
        value = value << 4 | ((uint32_t)(found - digits) & 15);
    }
    *ret = value;
    return true;
}

/* Behind \u: one code point, where need be of two halves. */
static bool take_code(struct cursor *c, uint32_t *ret)
{
    uint32_t low;

    if (!take_hex(c, ret) || (*ret >= 0xdc00 && *ret < 0xe000))
        return false;
    if (*ret < 0xd800 || *ret >= 0xe000)
        return true;
    if (!take(c, "\\u") || !take_hex(c, &low) || low < 0xdc00 || low >= 0xe000)
        return false;
    *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* Behind a backslash. The result is shorter than the escape: it goes where that was. */
static bool take_escape(struct cursor *c, uint8_t **to)
{
    static const char names[] = "\"\\/bfnrt", stands_for[] = "\"\\/\b\f\n\r\t";
    uint32_t code;

    if (c->at == c->end)
        return false;
    const char *found = *c->at ? strchr(names, *c->at) : NULL;
    if (found) {
        *(*to)++ = (uint8_t)stands_for[found - names];
        c->at++;
        return true;
    }
    if (!take(c, "u") || !take_code(c, &code))
        return false;
    *to += utf8_encode(code, *to);
    return true;
}

static bool take_string(struct cursor *c, uint8_t **ret, size_t *ret_size)
{
    if (!take(c, "\""))
        return false;
    uint8_t *to = c->at;
    *ret = to;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at < 0x20)
            return false;
        if (*c->at != '\\')
            *to++ = *c->at++;
        else if (c->at++, !take_escape(c, &to))
            return false;
    }
    *ret_size = (size_t)(to - *ret);
    return take(c, "\"");
}

static size_t take_digits(struct cursor *c, struct object_value *v)
{
    uint8_t *start = c->at;

    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        uint64_t digit = (uint64_t)(*c->at - '0');
        v->is_number = v->is_number && v->number <= (UINT64_MAX - digit) / 10;
        v->number = 10 * v->number + digit;
    }
    return (size_t)(c->at - start);
}

static bool take_number(struct cursor *c, struct object_value *v)
{
    struct object_value rest = {0};

    v->kind = OBJECT_NUMBER;
    v->is_number = true;
    bool negative = take(c, "-"), zero = c->at < c->end && *c->at == '0';
    size_t digits = take_digits(c, v);
    if (digits == 0 || (zero && digits > 1))
        return false;
    bool part = take(c, ".");
    if (part && take_digits(c, &rest) == 0)
        return false;
    bool power = take(c, "e") || take(c, "E");
    if (power && !take(c, "+"))
        (void)take(c, "-");
    if (power && take_digits(c, &rest) == 0)
        return false;
    v->is_number = v->is_number && !negative && !part && !power;
    return true;
}

static bool take_value(struct cursor *c, struct object_value *v)
{
    skip_blanks(c);
    *v = (struct object_value){.kind = OBJECT_STRING};
    if (take_string(c, &v->text, &v->size))
        return true;
    v->kind = OBJECT_NULL;
    if (take(c, "null"))
        return true;
    v->kind = OBJECT_BOOL;
    v->is_true = take(c, "true");
    return v->is_true || take(c, "false") || take_number(c, v);
}

static const char *read_member(struct cursor *c, object_fn fn, void *ctx)
{
    char name[KEY_BYTES] = "";
    struct object_value value;
    uint8_t *key;
    size_t size;

    skip_blanks(c);
    if (!take_string(c, &key, &size) || !take_mark(c, ":") || !take_value(c, &value))
        return not_json;
    if (size < sizeof name) /* nobody asks for longer ones */
        memcpy(name, key, size);
    return fn(ctx, name, &value);
}

const char *object_read(uint8_t *text, size_t size, object_fn fn, void *ctx)
{
    struct cursor c = {text, text + size};

    if (!utf8_valid(text, size) || !take_mark(&c, "{"))
        return not_json;
    if (!take_mark(&c, "}")) {
        do {
            const char *wrong = read_member(&c, fn, ctx);
            if (wrong)
                return wrong;
        } while (take_mark(&c, ","));
        if (!take_mark(&c, "}"))
            return not_json;
    }
    skip_blanks(&c);
    return c.at == c.end ? NULL : not_json;
}
