/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/codes.h"

enum { SYS_TEXT = 80 /* room for the text of any errno */ };

static _Thread_local struct fault last;

/* Paths may hold anything but 0; the text is one line all the same. */
static void make_one_line(char *s)
{
    for (; *s != '\0'; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            *s = '?';
}

/* `suffix` is kept whole; what is too long before it ends in "...". */
static void write_text(char *text, const char *suffix, const char *fmt, va_list args)
{
    size_t room = FAULT_TEXT - strlen(suffix);
    int n = vsnprintf(text, room, fmt, args);

    if (n < 0)
        text[0] = '\0';
    else if ((size_t)n >= room)
        memcpy(text + room - 4, "...", 4);
    make_one_line(text);
    strcat(text, suffix);
}

/* The new fault is made aside, since the arguments may point into the present one. errno stays: the
 * library never changes the caller's. */
static int set(struct fault *f, const char *suffix, const char *fmt, va_list args)
{
    int saved = errno;

    write_text(f->text, suffix, fmt, args);
    last = *f;
    errno = saved;
    return f->code;
}

/* strerror is safe among threads in glibc since 2.32 and in musl, and before that for every errno
 * that has a name; strerror_r has one of two types, depending on the libc. */
static int set_sys(int code, int err, const char *fmt, va_list args)
{
    int saved = errno;
    struct fault f = {.code = code, .sys_errno = err};
    char suffix[SYS_TEXT];

    snprintf(suffix, sizeof(suffix), ": %s", strerror(err));
    errno = saved;
    return set(&f, suffix, fmt, args);
}

int fault(int code, const char *fmt, ...)
{
    struct fault f = {.code = code};
    va_list args;

    va_start(args, fmt);
    set(&f, "", fmt, args);
    va_end(args);
    return code;
}

int fault_sys(int code, int err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    set_sys(code, err, fmt, args);
    va_end(args);
    return code;
}

int fault_at(int code, uint64_t lsn, uint64_t segment, uint64_t offset, const char *fmt, ...)
{
    struct fault f = {.code = code, .lsn = lsn, .segment = segment, .offset = offset};
    va_list args;

    va_start(args, fmt);
    set(&f, "", fmt, args);
    va_end(args);
    return code;
}

int fault_code_of(int err)
{
    switch (err) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return WAL_E_NOSPC;
    case ENOENT:
        return WAL_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
        return WAL_E_PERM;
    case ENOMEM:
        return WAL_E_NOMEM;
    case ENOTDIR:
    case EISDIR:
        return WAL_E_INVAL;
    default:
        return WAL_E_IO;
    }
}

int fault_os(int err, const char *fmt, ...)
{
    int code = fault_code_of(err);
    va_list args;

    va_start(args, fmt);
    set_sys(code, err, fmt, args);
    va_end(args);
    return code;
}

int fault_nomem(void)
{
    return fault(WAL_E_NOMEM, "out of memory");
}

const struct fault *fault_last(void)
{
    return &last;
}

int fault_put(const struct fault *f)
{
    if (f != &last)
        last = *f;
    return last.code;
}

bool fault_same(const struct fault *a, const struct fault *b)
{
    return a->code == b->code && a->sys_errno == b->sys_errno && a->lsn == b->lsn &&
           a->segment == b->segment && a->offset == b->offset && strcmp(a->text, b->text) == 0;
}

int fault_place(uint64_t lsn, uint64_t segment, uint64_t offset)
{
    if (last.lsn == 0)
        last.lsn = lsn;
    if (last.offset == 0 && (last.segment == 0 || last.segment == segment)) {
        last.segment = segment;
        last.offset = offset;
    }
    return last.code;
}
