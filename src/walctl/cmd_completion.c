/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "walctl/command.h"
#include "walctl/complete.h"
#include "walctl/message.h"

static int run(char **operands, int n)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = {{"bash", complete_bash}, {"zsh", complete_zsh}, {"fish", complete_fish}};
    (void)n;

    for (size_t k = 0; k < sizeof shells / sizeof *shells; k++)
        if (strcmp(operands[0], shells[k].name) == 0) {
            shells[k].print();
            return CODE_FINE;
        }
    return usage_error("'%s' is not bash, zsh or fish", operands[0]);
}

static const struct arg *const args[] = {NULL};

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .operands = "bash|zsh|fish",
    .least = 1,
    .most = 1,
    .args = args,
    .about = "Prints a script that makes the shell complete walctl's commands, their options and\n"
             "what these take. An installed walctl has brought them along already.\n",
    .examples = "  walctl completion bash >~/.local/share/bash-completion/completions/walctl\n"
                "  walctl completion zsh >~/.zfunc/_walctl      a folder of fpath\n"
                "  walctl completion fish >~/.config/fish/completions/walctl.fish\n",
    .run = run,
};
