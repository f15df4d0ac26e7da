"""Damaged and forged logs: the library comes to the verdict that docs/format.md asks for."""
from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from damage import OLDER_CONTROL, disturb_files, forge_control, forge_group  # noqa: E402
from damage import forge_header, rot_bytes  # noqa: E402
from driver import check_same  # noqa: E402
from scenario import Life  # noqa: E402

KINDS = {
    "rot": rot_bytes,
    "files": disturb_files,
    "control": forge_control,
    "header": forge_header,
    "group": forge_group,
}
LOGS, EACH = 4, 12


@pytest.fixture(scope="module")
def logs(tool, tmp_path_factory):
    """Small logs with several segments and runs, some of them closed."""
    result = []
    for seed in range(LOGS):
        folder = tmp_path_factory.mktemp("logs")
        rng = random.Random(1000 + seed)
        life = Life(tool, folder / "log", rng, {"segment_bytes": "64K", "zero_ahead_bytes": "4K"})
        for step in range(14):
            life.step()
            if step == 7:
                life.reopen(killed=True)
            if step == 10:
                older = (folder / "log" / "control").read_bytes()
        life.writer.do("flush")
        if seed % 2:
            life.writer.close()
        else:
            life.writer.snapshot(folder / "snapshot")
            life.writer.kill()
            shutil.rmtree(folder / "log")
            (folder / "snapshot").rename(folder / "log")
        (folder / "log" / OLDER_CONTROL).write_bytes(older)
        result.append(folder / "log")
    return result


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(LOGS))
def test_damage(tool, logs, tmp_path, kind, seed):
    rng = random.Random(f"{kind} {seed}")
    wrong = []
    for _ in range(EACH):
        damaged = tmp_path / "damaged"
        shutil.copytree(logs[seed], damaged)
        done = KINDS[kind](damaged, rng)
        try:
            check_same(tool, damaged, tmp_path / "copy")
        except AssertionError as difference:
            wrong.append(f"{done}\n    {difference}")
        shutil.rmtree(damaged)
    assert not wrong, "\n".join(wrong)
