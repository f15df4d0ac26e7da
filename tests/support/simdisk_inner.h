/* SPDX-License-Identifier: Apache-2.0 */
/* The insides of the simulated disk, shared by the files simdisk_*.c only.
 *
 * Pages and nodes (a file or a directory) are counted references, shared by a disk and its clones.
 * A page never changes once it is in a slot. A node changes only in sim_own's hands, which copies
 * it first where it is shared. */
#ifndef WAL_TESTS_SIMDISK_INNER_H
#define WAL_TESTS_SIMDISK_INNER_H

#include "base/attr.h"
#include "support/simdisk.h"

enum {
    SIM_PAGE = 4096,
    SIM_SECTOR = 512,
    SIM_SECTORS = SIM_PAGE / SIM_SECTOR,
    SIM_STATES = 16, /* unsynced states kept of a page or a size; beyond that, in-between ones go */
    SIM_NAME = 56,   /* a name and its 0 */
    SIM_FIRST_FD = 1000, /* so that a descriptor which reaches the real system is EBADF there */
    SIM_FIRST_SIGNAL = 1000000, /* signals are numbers of their own */
    SIM_FAULTS = 8,
    SIM_ROOT = 1,
    SIM_DEPTH = 8 /* directories on a path */
};

/* page.c: contents, and small things */
struct sim_page {
    uint32_t refs;
    uint64_t hash; /* 0: not known yet */
    uint8_t bytes[SIM_PAGE];
};
extern struct sim_page sim_zeros; /* data that is all zero; a hole is NULL */

void *sim_alloc(size_t size);                                            /* zeroed; never NULL */
void *sim_grow(void *list, size_t item, uint32_t count, uint32_t *room); /* for one item more */
_Noreturn void sim_die(const char *fmt, ...) PRINTF(1, 2);
uint64_t sim_mix(uint64_t a, uint64_t b);
uint64_t sim_random(uint64_t *state);
uint64_t sim_below(uint64_t *state, uint64_t n); /* 0..n-1 */
uint64_t sim_hash_text(const char *s);

struct sim_page *
sim_page_new(const struct sim_page *from);          /* a copy to be filled in; from may be NULL */
struct sim_page *sim_page_done(struct sim_page *p); /* after filling: sim_zeros where it is that */
struct sim_page *sim_page_ref(struct sim_page *p);
void sim_page_drop(struct sim_page *p);
const uint8_t *sim_page_bytes(const struct sim_page *p); /* of a hole too */
uint64_t sim_page_hash(struct sim_page *p);              /* 0 for holes and zeros */
bool sim_page_same(struct sim_page *a, struct sim_page *b);

/* node.c: files and directories */
struct sim_slot {
    uint64_t index; /* offset / SIM_PAGE */
    struct sim_page *durable, *cached;
    struct sim_page **states; /* since the last sync, the last one is `cached`; NULL: clean */
    uint32_t count;
};
struct sim_entry {
    char name[SIM_NAME];
    uint32_t ino;
};
struct sim_names {
    struct sim_entry *list; /* by name */
    uint32_t count, room;
};
struct sim_op { /* `from` no longer has a file, `to` has this one; "": left out */
    char from[SIM_NAME], to[SIM_NAME];
    uint32_t ino;
};
struct sim_node {
    uint32_t refs;
    enum os_kind kind;
    uint32_t mode;
    uint64_t hash;          /* of a file; 0: not known */
    struct sim_slot *slots; /* by index; there is none for a page that was always a hole */
    uint32_t slot_count, slot_room;
    uint64_t size, durable_size;
    uint64_t sizes[SIM_STATES]; /* since the last sync, the last one is `size`; none: clean */
    uint32_t size_count;
    uint32_t forgotten; /* in-between states that went; says which one goes next */
    struct sim_names names, durable_names;
    struct sim_op *ops; /* not synced */
    uint32_t op_count, op_room;
};

struct sim_node *sim_node_new(enum os_kind kind, uint32_t mode);
struct sim_node *sim_node_copy(const struct sim_node *n);
void sim_node_drop(struct sim_node *n);
uint64_t sim_node_pages(const struct sim_node *n);                /* in use */
uint32_t sim_slot_find(const struct sim_node *n, uint64_t index); /* first one not below index */
struct sim_slot *sim_slot_add(struct sim_node *n, uint32_t at, uint64_t index);
void sim_slot_clean(struct sim_slot *s);
void sim_slot_set(struct sim_slot *s, struct sim_page *durable, struct sim_page *cached);

/* The functions below change the node: hand in what sim_own gave. */
size_t sim_file_read(const struct sim_node *n, uint64_t offset, void *buf, size_t size);
void sim_file_write(struct sim_node *n, uint64_t offset, const struct iovec *iov, size_t size);
void sim_file_truncate(struct sim_node *n, uint64_t size);
/* The pages from first to last, and the size, become clean: all durable, or as a failed sync leaves
 * them. */
void sim_file_sync(struct sim_node *n, uint64_t first, uint64_t last, enum simdisk_part durable,
                   uint64_t seed);
bool sim_goes_out(enum simdisk_part part, uint64_t *seed); /* one fact, at a failed sync */
void sim_file_evict(struct sim_node *n);
uint64_t sim_file_hash(struct sim_node *n);

/* names.c */
uint32_t sim_names_find(const struct sim_names *names, const char *name);    /* inode; 0: none */
void sim_names_set(struct sim_names *names, const char *name, uint32_t ino); /* 0: removes */
void sim_names_copy(struct sim_names *to, const struct sim_names *from);
void sim_names_apply(struct sim_names *names, const struct sim_op *op);
void sim_dir_do(struct sim_node *n, const char *from, const char *to, uint32_t ino);
void sim_dir_sync(struct sim_node *n, enum simdisk_part durable, uint64_t seed);

/* tree.c: the disk, its inodes, paths */
struct sim_inode {
    uint32_t ino;
    struct sim_node *node;
};
enum { SIM_DIRECT_ALIGN = 512 };

struct sim_fd {
    uint32_t ino; /* 0: free */
    int access;   /* OS_READ, OS_WRITE, OS_DIRECT */
    bool locked;
};
struct os_thread {
    os_step_fn step;
    void *arg;
    uint64_t due;
    bool kicked, running;
};
struct sim_signal {
    bool open, readable;
    uint32_t ino; /* the file that it watches; 0: none */
};
struct simdisk {
    struct os os;
    struct sim_inode *inodes; /* by number; numbers are not used again */
    uint32_t inode_count, inode_room, next_ino;
    struct sim_fd *fds;
    uint32_t fd_count, fd_room;
    struct os_thread **threads;
    uint32_t thread_count, thread_room;
    struct sim_signal *signals;
    uint32_t signal_count, signal_room;
    uint64_t clock, random, version;
    uint32_t pid;
    enum simdisk_tear tear;
    uint64_t capacity; /* in pages; 0: no limit */
    bool clones;       /* files can be cloned */

    simdisk_hook_fn hook;
    void *hook_arg;
    uint64_t calls[SIMDISK_CALLS]; /* [SIMDISK_ANY]: all */
    struct simdisk_fault faults[SIM_FAULTS];
    struct simdisk_fault striking;
    uint32_t fault_count;
    uint64_t struck;
    uint64_t full_from; /* a number of calls[SIMDISK_ANY] */
    int full_error;     /* 0: not full */
};

struct simdisk *sim_disk_bare(const struct simdisk *like);           /* without inodes */
struct sim_node *sim_node_of(const struct simdisk *d, uint32_t ino); /* NULL: none */
struct sim_node *sim_own(struct simdisk *d, uint32_t ino);           /* to change it */
void sim_inode_add(struct simdisk *d, uint32_t ino,
                   struct sim_node *node); /* takes the reference */
void sim_inode_put(struct simdisk *d, uint32_t ino,
                   struct sim_node *node); /* in place of another */
uint32_t sim_inode_new(struct simdisk *d, enum os_kind kind, uint32_t mode);
/* Inodes without name, descriptor or unsynced operation go. */
void sim_collect(struct simdisk *d);
/* Whether a name can be one: not empty, not too long, no slash. 0 or a negative errno. */
int sim_name_check(const char *name);
/* The directory that a path's last name is in, and that name, "" for the directory itself; -ENOENT,
 * -ENOTDIR on the way. */
int sim_path(const struct simdisk *d, const char *path, uint32_t *ret_dir, char ret_name[SIM_NAME]);
/* The inode of a path; a negative errno. */
int64_t sim_walk(const struct simdisk *d, const char *path);
const char *sim_name_of(const struct simdisk *d, uint32_t ino); /* "" where it has none */

/* fault.c: before each call. The fault that strikes it, or NULL; it fits the call. */
const struct simdisk_fault *sim_enter(struct simdisk *d, enum simdisk_call call, const char *name);
const struct simdisk_fault *sim_enter_fd(struct simdisk *d, enum simdisk_call call, int fd);

/* host.c: runs the workers and lets time pass until it is over: 0, or -ETIMEDOUT. */
int sim_wait(struct simdisk *d, bool (*over)(const void *arg), const void *arg, int64_t timeout_ns);

/* signal.c: what was written to a file is told to those that watch it */
void sim_written(struct simdisk *d, uint32_t ino);

/* The functions of os.h: dir.c, file.c, host.c, signal.c */
void sim_dir_functions(struct os *os);
void sim_file_functions(struct os *os);
void sim_host_functions(struct os *os);
void sim_signal_functions(struct os *os);
struct sim_fd *sim_fd_of(const struct simdisk *d, int fd); /* NULL: not open */
int sim_fd_new(struct simdisk *d, uint32_t ino, int access);

#endif
