# SPDX-License-Identifier: Apache-2.0
"""The README's commands print what it shows behind them."""

import os
import re
import subprocess
from pathlib import Path

import support

README = Path(__file__).parents[2] / "README.md"


class Readme(support.Case):
    def test_commands(self):
        text = README.read_text()
        blocks = re.findall(r"^```console\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
        steps = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(blocks), re.MULTILINE)
        self.assertGreater(len(steps), 3)
        path = os.path.dirname(support.program) + ":" + os.environ["PATH"]
        for command, shown in steps:
            done = subprocess.run(["bash", "-c", command], cwd=self.folder, text=True, check=False,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, env=support.environment(PATH=path))
            self.assertEqual(done.stdout, shown, command)


support.run()
