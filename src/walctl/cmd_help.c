/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>

#include "walctl/command.h"
#include "walctl/message.h"
#include "walctl/overview.h"
#include "walctl/topic.h"

static int run(char **operands, int n)
{
    if (n == 0) {
        overview_print();
        return CODE_FINE;
    }
    const struct command *c = command_find(operands[0]);
    if (c) {
        args_help(c);
        return CODE_FINE;
    }
    if (topic_print(operands[0]))
        return CODE_FINE;
    return usage_error("there is no command and no topic '%s'", operands[0]);
}

static const struct arg *const args[] = {NULL};

const struct command command_help = {
    .name = "help",
    .summary = "show help for a command or a topic",
    .operands = "[COMMAND|TOPIC]",
    .least = 0,
    .most = 1,
    .args = args,
    .about = "Without an operand it lists commands and topics.\n",
    .examples = "  walctl help cat\n"
                "  walctl help formats\n",
    .run = run,
};
