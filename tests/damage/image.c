/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

void image_resize(struct image_file *f, size_t size)
{
    if (size > f->room) {
        f->bytes = realloc(f->bytes, size);
        must(f->bytes != NULL, "realloc");
        f->room = size;
    }
    if (size > f->size)
        memset(f->bytes + f->size, 0, size - f->size);
    f->size = size;
}

void image_fill(struct image_file *f, const void *bytes, size_t size)
{
    image_resize(f, size);
    if (size)
        memcpy(f->bytes, bytes, size);
}

struct image_file *image_find(const struct image *i, const char *name)
{
    for (unsigned k = 0; k < i->n; k++)
        if (strcmp(i->files[k].name, name) == 0)
            return (struct image_file *)&i->files[k];
    return NULL;
}

struct image_file *image_segment(const struct image *i, uint64_t number)
{
    char name[NAME_BYTES];
    name_segment(name, number);
    return image_find(i, name);
}

struct image_file *image_add(struct image *i, const char *name)
{
    struct image_file *f = image_find(i, name);
    if (f)
        return f;
    must(i->n < IMAGE_FILES_MAX && strlen(name) < NAME_BYTES, "image_add");
    f = &i->files[i->n++];
    *f = (struct image_file){0};
    memcpy(f->name, name, strlen(name) + 1);
    return f;
}

void image_remove(struct image *i, const char *name)
{
    struct image_file *f = image_find(i, name);
    must(f != NULL, "image_remove");
    free(f->bytes);
    *f = i->files[--i->n];
}

bool image_same_file(const struct image_file *a, const struct image_file *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

static size_t read_all(int fd, uint8_t *bytes, size_t size)
{
    size_t got = 0;
    ssize_t n = 1;
    while (got < size && n > 0) {
        n = pread(fd, bytes + got, size - got, (off_t)got);
        must(n >= 0, "pread");
        got += (size_t)n;
    }
    return got;
}

void image_load(struct image *ret, const char *path)
{
    struct image i = {0};
    struct dirent *d;
    struct stat st;
    DIR *dir = opendir(path);
    must(dir != NULL, path);
    while ((d = readdir(dir)) != NULL) {
        if (d->d_type != DT_REG)
            continue;
        int fd = openat(dirfd(dir), d->d_name, O_RDONLY | O_CLOEXEC);
        must(fd >= 0 && fstat(fd, &st) == 0, d->d_name);
        struct image_file *f = image_add(&i, d->d_name);
        image_resize(f, (size_t)st.st_size);
        must(read_all(fd, f->bytes, f->size) == f->size, d->d_name);
        close(fd);
    }
    closedir(dir);
    *ret = i;
}

void image_copy(struct image *ret, const struct image *from)
{
    *ret = (struct image){0};
    for (unsigned k = 0; k < from->n; k++)
        image_fill(image_add(ret, from->files[k].name), from->files[k].bytes, from->files[k].size);
}

void image_free(struct image *i)
{
    for (unsigned k = 0; k < i->n; k++)
        free(i->files[k].bytes);
    *i = (struct image){0};
}

static const char memory[] = "/dev/shm";

bool stand_in_memory(void)
{
    return access(memory, W_OK | X_OK) == 0;
}

void stand_make(struct stand *s)
{
    const char *base = stand_in_memory() ? memory : getenv("TMPDIR");

    snprintf(s->path, sizeof s->path, "%s/libwal-XXXXXX", base ? base : "/tmp");
    must(mkdtemp(s->path) != NULL, s->path);
    s->fd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(s->fd >= 0, s->path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

void stand_remove(struct stand *s)
{
    close(s->fd);
    nftw(s->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Removes what the image doesn't have (with `tidy`); returns how many names there were. */
static unsigned list(struct stand *s, const struct image *i, bool tidy)
{
    unsigned n = 0;
    struct dirent *d;
    int fd = dup(s->fd);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    must(dir != NULL, s->path);
    rewinddir(dir);
    while ((d = readdir(dir)) != NULL) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        n++;
        if (tidy && !image_find(i, d->d_name))
            must(unlinkat(s->fd, d->d_name, 0) == 0, d->d_name);
    }
    closedir(dir);
    return n;
}

void stand_put(struct stand *s, const struct image *i)
{
    list(s, i, true);
    for (unsigned k = 0; k < i->n; k++) {
        const struct image_file *f = &i->files[k];
        int fd = openat(s->fd, f->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        must(fd >= 0, f->name);
        must(pwrite(fd, f->bytes, f->size, 0) == (ssize_t)f->size, f->name);
        must(ftruncate(fd, (off_t)f->size) == 0, f->name);
        close(fd);
    }
}

bool stand_holds(struct stand *s, const struct image *i)
{
    bool same = list(s, i, false) == i->n;
    for (unsigned k = 0; same && k < i->n; k++) {
        const struct image_file *f = &i->files[k];
        uint8_t *bytes = malloc(f->size + 1);
        int fd = openat(s->fd, f->name, O_RDONLY | O_CLOEXEC);
        must(bytes != NULL, "malloc");
        same = fd >= 0 && read_all(fd, bytes, f->size + 1) == f->size &&
               (f->size == 0 || memcmp(bytes, f->bytes, f->size) == 0);
        if (fd >= 0)
            close(fd);
        free(bytes);
    }
    return same;
}
