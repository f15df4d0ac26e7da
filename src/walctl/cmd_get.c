#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/bytes.h"
#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/decoder.h"
#include "walctl/format.h"
#include "walctl/frame.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/record.h"

enum { FIRST_ROOM = 4096 };

/* The buffer grows to what the record needs. */
static int get(wal_t *log, uint64_t lsn, struct bytes *buffer, wal_record_t *ret)
{
    size_t need = FIRST_ROOM;
    int e;

    do {
        ret->size = sizeof *ret;
        uint8_t *to = bytes_reserve(buffer, need);
        e = wal_get(log, lsn, to, buffer->room, ret);
        need = ret->data_size;
    } while (e == WAL_E_TOOBIG);
    return e;
}

static int get_all(wal_t *log, char **lsns, int n)
{
    struct bytes buffer = {0};
    wal_record_t record = {0};
    int code = CODE_FINE;

    for (int k = 0; k < n && !out_failed(); k++) {
        uint64_t lsn = 0;
        number_parse(lsns[k], UINT64_MAX - 1, &lsn);
        if (get(log, lsn, &buffer, &record) == 0)
            record_print(&record);
        else if (code == CODE_FINE)
            code = failure();
        else
            failure();
    }
    bytes_free(&buffer);
    return record_result(code);
}

static int run(char **operands, int n)
{
    uint64_t lsn;
    wal_t *log;

    int code = record_check();
    for (int k = 1; k < n && code == CODE_FINE; k++)
        if (!number_parse(operands[k], UINT64_MAX - 1, &lsn) || lsn == 0)
            code = usage_error("'%s' is no LSN", operands[k]);
    if (code == CODE_FINE)
        code = open_read_only(operands[0], &log);
    return code == CODE_FINE ? open_close(log, get_all(log, operands + 1, n - 1)) : code;
}

static const struct arg *const args[] = {RECORD_ARGS, open_args, NULL};

const struct command command_get = {
    .name = "get",
    .summary = "show single records by their LSN",
    .operands = "LOG LSN...",
    .least = 2,
    .most = 1 << 30,
    .args = args,
    .about = "Shows the records with these LSNs, in this order. Those that can't be had are named\n"
             "on stderr, and the others shown.\n",
    .examples = "  walctl get my.wal 17             LSN, type, payload\n"
                "  walctl get -o raw my.wal 17      the payload as it is\n"
                "  walctl get -o hex my.wal 17 18   a dump of two\n",
    .run = run,
};
