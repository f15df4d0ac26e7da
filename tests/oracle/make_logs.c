/* SPDX-License-Identifier: Apache-2.0 */
/* Writes logs as a script on standard input says, and shows what is in one.
 *
 *   make_logs             one command per line; each is answered by one line, "CODE VALUE"
 *   make_logs dump DIR KEY …    opens a log as a writer and prints it as walread.py does
 *   make_logs follow DIR KEY …  the same with a read-only handle: what is durable
 *   make_logs portable    writes and reads portable forms of batches
 *
 * A key is aead=ALGORITHM:ID:SEED, and an option as well. Commands, LSNs and sizes in decimal;
 * FLAGS are those of wal_append_typed:
 *
 *   open DIR OPTION=VALUE …         append TYPE SIZE SEED FLAGS      flush    sync
 *   many COUNT SIZE SEED FLAGS      batch COUNT SIZE SEED FLAGS      rotate   close
 *   tagged COUNT SIZE SEED FLAGS    joint COUNT SIZE SEED FLAGS      with a tag; and metadata
 *   replace LSN COUNT SIZE SEED     before LSN   after LSN           reset LSN
 *   swap LSN COUNT SIZE SEED        replaces by a batch with a tag and metadata
 *   checkpoint LSN SIZE SEED
 *   meta KEY SIZE SEED              unmeta KEY                       first    next    durable
 *   dump                            as many lines as it takes, then "."
 *
 * The end of the input ends the program without closing the log. */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sha256.h"

enum { line_bytes = 4096, records_max = 4096 };

static wal_t *the_log;

static void stop(const char *what)
{
    fprintf(stderr, "make_logs: %s\n", what);
    exit(3);
}

/* Payloads that could be mistaken for something else: zeros, group magics, noise, text. */
static void fill(unsigned char *p, size_t size, uint64_t seed)
{
    static const unsigned char magic[8] = {'W', 'L', 'G', 0xB1, 0, 0, 0, 0};
    uint64_t x = seed * 2 + 1;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0)
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        switch (seed % 4) {
        case 0:
            p[i] = 0;
            break;
        case 1:
            p[i] = magic[i % 8];
            break;
        case 2:
            p[i] = (unsigned char)(x >> 8 * (i % 8));
            break;
        default:
            p[i] = (unsigned char)('a' + (seed + i) % 26);
            break;
        }
    }
}

/* `count` records of 0 to `size` bytes; the first has exactly `size`. Freed by free_records. */
static wal_record_t *make_records(size_t count, size_t size, uint64_t seed)
{
    wal_record_t *records = calloc(count + 1, sizeof *records);
    if (!records || count > records_max)
        stop("records");
    records[0].size = sizeof *records;
    for (size_t i = 0; i < count; i++) {
        uint64_t own = (seed + i) * 2654435761u;
        size_t bytes = i ? (size_t)(own % (size + 1)) : size;
        unsigned char *data = malloc(bytes + 1);
        if (!data)
            stop("memory");
        fill(data, bytes, own >> 4);
        records[i] = (wal_record_t){
            .size = sizeof *records, .type = own % 7, .data = data, .data_size = bytes};
    }
    return records;
}

static void free_records(wal_record_t *records, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free((void *)records[i].data);
    free(records);
}

/* ---- Showing ---- */

static const char *verdict_of(int code)
{
    switch (code) {
    case WAL_E_CORRUPT:
        return "corrupt";
    case WAL_E_VERSION:
        return "version";
    case WAL_E_UNSUPPORTED:
        return "unsupported";
    case WAL_E_CRYPTO:
        return "crypto";
    case WAL_E_PERM:
        return "refused";
    case WAL_E_NOTFOUND:
        return "new";
    default:
        return wal_error_name(code);
    }
}

static void print_hex(FILE *out, const void *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%02x", ((const unsigned char *)data)[i]);
}

struct meta_dump {
    FILE *out;
    int count;
};

static int print_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct meta_dump *dump = ctx;
    fprintf(dump->out, "%s\"", dump->count++ ? ", " : "");
    print_hex(dump->out, key, klen);
    fprintf(dump->out, "\": \"");
    print_hex(dump->out, value, vlen);
    fprintf(dump->out, "\"");
    return 0;
}

static void print_record(FILE *out, const wal_record_t *record)
{
    char hex[65];
    sha256_hex(record->data, record->data_size, hex);
    fprintf(out, "{\"lsn\": %" PRIu64 ", \"type\": %u, \"batch_last\": %s, ", record->lsn,
            (unsigned)record->type, record->flags & WAL_RECORD_BATCH_LAST ? "true" : "false");
    fprintf(out, "\"sha256\": \"%s\", \"size\": %" PRIu64, hex, record->data_size);
    if (record->tag_size) {
        fprintf(out, ", \"tag\": \"");
        print_hex(out, record->tag, record->tag_size);
        fprintf(out, "\"");
    }
    fprintf(out, "}\n");
}

static int print_tag(FILE *out, wal_t *w)
{
    unsigned char tag[64];
    size_t size = 0;
    int rc = wal_last_tag(w, tag, sizeof tag, &size);
    fprintf(out, ", \"tag\": \"");
    print_hex(out, tag, size);
    fprintf(out, "\"");
    return rc;
}

/* LSN and state of the newest one in one word. */
static int print_checkpoint(FILE *out, wal_t *w)
{
    size_t size = 0;
    uint64_t lsn = 0;
    char hex[65];
    int rc = wal_checkpoint_get(w, NULL, 0, &lsn, &size);
    unsigned char *state = malloc(size + 1);
    if (!state)
        stop("memory");
    if (rc == WAL_E_TOOBIG)
        rc = wal_checkpoint_get(w, state, size, &lsn, &size);
    fprintf(out, ", \"checkpoint\": \"");
    if (!rc) {
        sha256_hex(state, size, hex);
        fprintf(out, "%" PRIu64 ":%zu:%s\"", lsn, size, hex);
    } else {
        fprintf(out, "%s\"", rc == WAL_E_NOTFOUND ? "none" : "broken");
    }
    free(state);
    return rc == WAL_E_NOTFOUND || rc == WAL_E_CORRUPT ? 0 : rc;
}

/* Header line and records go to `out`; a failure leaves it to the caller to say so instead. */
static int print_log(FILE *out, wal_t *w, uint32_t read_flags)
{
    static const char *const verdicts[] = {"new", "clean", "torn", "ambiguous"};
    wal_recovery_t found = {.size = sizeof found};
    wal_reader_t *reader = NULL;
    uint64_t first = 0, last = 0, next = 0, durable = 0;
    int rc = wal_recovery(w, &found, sizeof found);
    if (!rc)
        rc = wal_range(w, &first, &last, &next, &durable);
    if (rc)
        return rc;
    fprintf(out, "{\"verdict\": \"%s\", \"first_lsn\": %" PRIu64 ", \"next_lsn\": %" PRIu64,
            verdicts[found.verdict & 3], first, next);
    fprintf(out, ", \"durable_lsn\": %" PRIu64 ", \"checkpoint_lsn\": %" PRIu64, durable,
            found.checkpoint_lsn);
    fprintf(out, ", \"given_up\": %" PRIu64 ", \"carried\": %" PRIu64, found.discarded_bytes,
            found.carried_records);
    fprintf(out, ", \"cut_segment\": %" PRIu64 ", \"cut_offset\": %" PRIu64, found.cut_segment,
            found.cut_offset);
    fprintf(out, ", \"segments\": %" PRIu64 ", \"metadata\": {", found.segments);
    rc = wal_meta_each(w, print_meta, &(struct meta_dump){.out = out});
    fprintf(out, "}");
    if (!rc)
        rc = print_tag(out, w);
    if (!rc)
        rc = print_checkpoint(out, w);
    fprintf(out, "}\n");
    if (!rc)
        rc = wal_reader_open(w, 0, read_flags, &reader);
    if (rc)
        return rc;
    wal_record_t record = {.size = sizeof record};
    while ((rc = wal_reader_next(reader, &record)) > 0)
        print_record(out, &record);
    wal_reader_close(reader);
    return rc;
}

static void show(wal_t *w, int rc, uint32_t read_flags)
{
    wal_error_t error = {.size = sizeof error};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        stop("memory");
    if (!rc)
        rc = print_log(out, w, read_flags);
    if (fclose(out))
        stop("memory");
    if (rc) {
        wal_last_error(&error, sizeof error);
        for (char *p = error.message; *p; p++)
            if (*p == '"' || *p == '\\')
                *p = '\'';
        printf("{\"verdict\": \"%s\", \"reason\": \"%s\"}\n", verdict_of(rc), error.message);
    } else {
        fwrite(text, 1, size, stdout);
    }
    free(text);
}

/* text: ALGORITHM:ID:SEED. */
static int add_key(wal_options_t *options, const char *text)
{
    unsigned char key[32];
    unsigned algorithm, id, seed;
    if (sscanf(text, "%u:%u:%u", &algorithm, &id, &seed) != 3)
        stop(text);
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (unsigned char)(seed + 31 * id + i);
    return wal_options_set_aead(options, algorithm, id, key, sizeof key);
}

static int set_option(wal_options_t *options, const char *name, const char *value)
{
    return strcmp(name, "aead") ? wal_options_set_string(options, name, value)
                                : add_key(options, value);
}

static int dump(const char *dir, int read_only, int keys, char **key)
{
    wal_options_t *options = NULL;
    wal_t *w = NULL;
    if (wal_options_new(&options))
        stop("options");
    if (wal_options_set(options, WAL_OPT_READ_ONLY, (uint64_t)read_only))
        stop("options");
    for (int i = 0; i < keys; i++)
        if (strncmp(key[i], "aead=", 5) || add_key(options, key[i] + 5))
            stop(key[i]);
    int rc = wal_open(dir, options, &w);
    show(w, rc, read_only ? 0 : WAL_READ_WRITTEN);
    wal_options_free(options);
    return rc ? 1 : wal_close(w) != 0;
}

/* ---- Portable forms ---- */

/* As hexadecimal digits. */
static void encode(size_t count, size_t size, uint64_t seed)
{
    wal_record_t *records = make_records(count, size, seed);
    size_t bytes = 0;
    if (wal_encode(records, count, NULL, 0, &bytes) != WAL_E_TOOBIG)
        stop("encode");
    unsigned char *form = malloc(bytes);
    if (!form || wal_encode(records, count, form, bytes, &bytes))
        stop("encode");
    print_hex(stdout, form, bytes);
    puts("");
    free(form);
    free_records(records, count);
}

static int print_portable(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    print_record(stdout, record);
    return 0;
}

/* A line per record, and one for the end. */
static void decode(const char *hex)
{
    size_t size = strlen(hex) / 2;
    unsigned char *form = malloc(size + 1);
    if (!form)
        stop("memory");
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
            stop(hex);
        form[i] = (unsigned char)byte;
    }
    int rc = wal_decode(form, size, print_portable, NULL);
    puts(rc ? verdict_of(rc) : "right");
    free(form);
}

/* Lines of: encode COUNT SIZE SEED, decode HEX. */
static int portable(void)
{
    static char line[1 << 16];
    while (fgets(line, sizeof line, stdin)) {
        uint64_t n[3];
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "decode ", 7))
            decode(line + 7);
        else if (sscanf(line, "encode %" SCNu64 " %" SCNu64 " %" SCNu64, n, n + 1, n + 2) == 3)
            encode((size_t)n[0], (size_t)n[1], n[2]);
        else
            stop(line);
        fflush(stdout);
    }
    return 0;
}

/* ---- Writing ---- */

static int do_open(char *arguments)
{
    wal_options_t *options = NULL;
    int rc = wal_options_new(&options);
    char *dir = strtok(arguments, " ");
    for (char *word; !rc && (word = strtok(NULL, " "));) {
        char *value = strchr(word, '=');
        if (!value)
            stop(word);
        *value = 0;
        rc = set_option(options, word, value + 1);
    }
    if (!rc)
        rc = wal_open(dir, options, &the_log);
    wal_options_free(options);
    return rc;
}

enum with { tag_with = 1, meta_with = 2, cut_with = 4 };

/* A tag and the value of one of four keys, made of the seed. */
static int add_to_batch(wal_batch_t *batch, unsigned with, uint64_t seed)
{
    unsigned char bytes[300];
    char key[] = "j0";
    int rc = 0;
    fill(bytes, sizeof bytes, seed);
    key[1] = (char)('0' + seed % 4);
    if (with & tag_with)
        rc = wal_batch_set_tag(batch, bytes, 1 + seed % 64);
    if (!rc && (with & meta_with))
        rc = wal_batch_meta(batch, key, 2, bytes, seed % sizeof bytes);
    return rc;
}

/* n: LSN of the cut where there is one, COUNT, SIZE, SEED, FLAGS. */
static int do_batch(const wal_record_t *records, unsigned with, const uint64_t *n,
                    uint64_t *ret_last)
{
    wal_batch_t *batch = NULL;
    uint64_t first = 0;
    const uint64_t *own = with & cut_with ? n + 1 : n;
    int rc = wal_batch_new(the_log, &batch);
    for (size_t i = 0; !rc && i < own[0]; i++)
        rc = wal_batch_append(batch, records[i].type, records[i].data, records[i].data_size);
    if (!rc)
        rc = add_to_batch(batch, with, own[2]);
    if (!rc)
        rc = with & cut_with ? wal_batch_replace_after(batch, n[0], 0, &first, ret_last)
                             : wal_batch_commit(batch, (uint32_t)own[3], &first, ret_last);
    wal_batch_free(batch);
    return rc;
}

static unsigned with_what(const char *name)
{
    return !strcmp(name, "tagged")  ? tag_with
           : !strcmp(name, "joint") ? tag_with | meta_with
           : !strcmp(name, "swap")  ? tag_with | meta_with | cut_with
                                    : 0;
}

/* Commands that write `n[1]` records, or `n[0]` for the first two. */
static int do_records(const char *name, const uint64_t *n, uint64_t *ret)
{
    int cuts = !strcmp(name, "swap"), replaces = cuts || !strcmp(name, "replace");
    int single = !strcmp(name, "append");
    size_t count = single ? 1 : (size_t)n[replaces];
    wal_record_t *records = make_records(count, (size_t)n[1 + replaces], n[2 + replaces]);
    int rc;
    if (single)
        rc = wal_append_typed(the_log, (uint32_t)n[0], records[0].data, records[0].data_size,
                              (uint32_t)n[3], ret);
    else if (replaces && !cuts)
        rc = wal_replace_after(the_log, n[0], records, count, 0, ret);
    else if (!strcmp(name, "many"))
        rc = wal_append_many(the_log, records, count, (uint32_t)n[3], ret);
    else
        rc = do_batch(records, with_what(name), n, ret);
    free_records(records, count);
    return rc;
}

static int do_meta(const char *key, const uint64_t *n)
{
    unsigned char value[1024];
    if (n[0] > sizeof value)
        stop("value");
    fill(value, (size_t)n[0], n[1]);
    return wal_meta_set(the_log, key, strlen(key), value, (size_t)n[0]);
}

static int do_checkpoint(const uint64_t *n)
{
    unsigned char *state = malloc((size_t)n[1] + 1);
    if (!state)
        stop("memory");
    fill(state, (size_t)n[1], n[2]);
    int rc = wal_checkpoint(the_log, n[0], state, (size_t)n[1]);
    free(state);
    return rc;
}

static int run_named(const char *name, char *arguments, uint64_t *ret)
{
    uint64_t n[4] = {0};
    char key[128] = "";
    if (!strcmp(name, "open"))
        return do_open(arguments);
    if (!strcmp(name, "close"))
        return wal_close(the_log);
    if (!strcmp(name, "sync"))
        return wal_sync(the_log, 0);
    if (!strcmp(name, "flush"))
        return wal_flush(the_log);
    if (!strcmp(name, "rotate"))
        return wal_rotate(the_log);
    if (!strcmp(name, "first"))
        return *ret = wal_first_lsn(the_log), 0;
    if (!strcmp(name, "next"))
        return *ret = wal_next_lsn(the_log), 0;
    if (!strcmp(name, "durable"))
        return *ret = wal_durable_lsn(the_log), 0;
    if (!strcmp(name, "meta") || !strcmp(name, "unmeta")) {
        int found = sscanf(arguments, "%127s %" SCNu64 " %" SCNu64, key, n, n + 1);
        if (found < 1)
            stop(name);
        return *name == 'm' ? do_meta(key, n) : wal_meta_delete(the_log, key, strlen(key));
    }
    if (sscanf(arguments, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, n, n + 1, n + 2, n + 3) <
        1)
        stop(name);
    if (!strcmp(name, "checkpoint"))
        return do_checkpoint(n);
    if (!strcmp(name, "before"))
        return wal_truncate_before(the_log, n[0]);
    if (!strcmp(name, "after"))
        return wal_truncate_after(the_log, n[0]);
    if (!strcmp(name, "reset"))
        return wal_reset(the_log, n[0]);
    return do_records(name, n, ret);
}

static void run_line(char *line)
{
    line[strcspn(line, "\n")] = 0;
    char *arguments = strchr(line, ' ');
    if (arguments)
        *arguments++ = 0;
    else
        arguments = line + strlen(line);
    if (!strcmp(line, "dump")) {
        show(the_log, 0, WAL_READ_WRITTEN);
        puts(".");
    } else {
        uint64_t value = 0;
        int rc = run_named(line, arguments, &value);
        printf("%d %" PRIu64 "\n", rc, value);
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    char line[line_bytes];
    if (argc >= 3 && !strcmp(argv[1], "dump"))
        return dump(argv[2], 0, argc - 3, argv + 3);
    if (argc >= 3 && !strcmp(argv[1], "follow"))
        return dump(argv[2], 1, argc - 3, argv + 3);
    if (argc == 2 && !strcmp(argv[1], "portable"))
        return portable();
    if (argc != 1)
        stop("usage: make_logs [dump DIR KEY ... | follow DIR KEY ... | portable]");
    while (fgets(line, sizeof line, stdin))
        run_line(line);
    _exit(0);
}
