# SPDX-License-Identifier: Apache-2.0
"""The example that plots, where matplotlib is."""

import os
import subprocess
import sys
from pathlib import Path


def test_latency_plot(unpacked: Path, root: Path, tmp_path: Path) -> None:
    picture = tmp_path / "out.png"
    example = root / "bindings/python/examples" / "latency_plot.py"
    logs = tmp_path / "logs"
    environment = {**os.environ, "PYTHONPATH": str(unpacked), "MPLCONFIGDIR": str(tmp_path)}
    command = [sys.executable, "-W", "error", example, logs, picture]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith(" 1 threads,   1 records per call:")
    assert len(lines) == 10 and lines[-1] == "wrote out.png"
    data = picture.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) > 20_000
    assert int.from_bytes(data[16:20], "big") >= 1200
    assert list(logs.iterdir()) == []
