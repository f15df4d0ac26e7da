"""The page that PyPI shows: its example runs, as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path


def test_the_example_runs(unpacked: Path, root: Path, tmp_path: Path) -> None:
    page = (root / "bindings/python/README.md").read_text()
    (example,) = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    command = [sys.executable, "-W", "error", "-c", example]
    environment = os.environ | {"PYTHONPATH": str(unpacked)}
    said = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True)
    assert said.splitlines() == [
        "1 order 1: 3 apples",
        "2 order 2: 1 pear",
        "3 order 3: 5 plums",
        "4 order 4: 2 figs",
        "5 order 1: cancelled",
        "1 record is left, and all is well",
    ]
