/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/topic.h"

#include <libwal/wal.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_formats(void)
{
    puts(
        "text  One line per record: LSN, tab, type, tab, payload. In the payload printable UTF-8\n"
        "      stands as it is. A backslash is \\\\, newline, carriage return and tab are \\n, "
        "\\r\n"
        "      and \\t, and each byte of anything else is \\x and two hexadecimal digits: other\n"
        "      control characters, what is no UTF-8, line and paragraph separators, marks that\n"
        "      change the direction of writing, byte order marks. So each payload can be had back\n"
        "      from its line, and nothing gets to a terminal that it would act on.\n"
        "\n"
        "json  One object per line. Of records:\n"
        "        lsn, type, size     numbers; size is the payload's, in bytes\n"
        "        durable             false only with --written\n"
        "        batch_last          the last record of its batch, or one by itself\n"
        "        data                the payload in base64\n"
        "        text                the payload as a string, only if it is UTF-8\n"
        "        tag, tag_text       the same of its batch's tag, only if there is one\n"
        "        decoded_data, decoded_text   the same of what --decoder made of it\n"
        "      Keys stay as they are; new ones may come. Numbers are written with all their\n"
        "      digits: a reader that keeps them as floating point loses some above 2^53.\n"
        "\n"
        "raw   The payloads as they are and nothing between them, or framed: --lines, --null and\n"
        "      --length-prefixed write what append reads with the same option.\n"
        "\n"
        "hex   A line with LSN, type and size, then 16 bytes per line: offset, hexadecimal, "
        "ASCII.");
}

static void print_decoder(void)
{
    puts("--decoder COMMAND runs COMMAND by the shell once for each record that is shown. It gets\n"
         "the payload as standard input, and what it prints until it ends is shown instead of it.\n"
         "So each filter is a decoder. WALCTL_LSN and WALCTL_TYPE in its environment tell which\n"
         "record it is. It need not read all of its input.\n"
         "\n"
         "text shows the lines it prints below each other: those after the first begin with two\n"
         "tabs, and a newline at the very end is left out. json has the payload as well.\n"
         "\n"
         "Where it ends with a status other than 0, stderr says so, the record is shown as if\n"
         "there were no decoder, and walctl ends with 1 when it is through.\n"
         "\n"
         "--decoder raft is built in. It shows logs that the Go package raftwal keeps for\n"
         "hashicorp/raft: an entry's term, its type and its data; the LSN is its index.\n"
         "(A program of this name runs by 'command raft'.)\n"
         "\n"
         "  walctl cat --decoder 'jq -c .name' my.wal\n"
         "  walctl cat --decoder 'protoc --decode_raw' my.wal\n"
         "  walctl cat --decoder 'if [ $WALCTL_TYPE = 7 ]; then gunzip; else cat; fi' my.wal\n"
         "  walctl cat --decoder raft node1/raft.wal");
}

static void print_option(wal_options_t *o, uint32_t number)
{
    uint64_t value = 0;

    wal_options_get(o, number, &value);
    bool built = wal_options_set(o, number, value) != WAL_E_UNSUPPORTED;
    printf(strstr(wal_option_name(number), "_mode") ? "  %-24s0%" PRIo64 "%s\n"
                                                    : "  %-24s%" PRIu64 "%s\n",
           wal_option_name(number), value, built ? "" : "  (not in this version)");
}

static void print_options(void)
{
    wal_options_t *o;

    puts(
        "Options of the library, for -O NAME=VALUE, and their defaults. Values in bytes take K, M\n"
        "or G behind the number; sync is none (0), interval (1), data (2), full (3) or dsync (4);\n"
        "modes are octal. <libwal/options.h> says what each is for.\n");
    if (wal_options_new(&o) < 0)
        return;
    for (uint32_t k = 1; wal_option_name(k); k++)
        print_option(o, k);
    wal_options_free(o);
}

const struct topic topics[] = {
    {"formats", "how records are shown", print_formats},
    {"decoder", "how --decoder runs a command", print_decoder},
    {"options", "what -O can set", print_options},
    {0},
};

bool topic_print(const char *name)
{
    for (const struct topic *t = topics; t->name; t++)
        if (strcmp(t->name, name) == 0) {
            t->print();
            return true;
        }
    return false;
}
