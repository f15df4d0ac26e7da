# SPDX-License-Identifier: Apache-2.0
"""What has to be known about the machine before figures mean anything."""

import os
from pathlib import Path

MEMORY_ONLY = ("tmpfs", "ramfs", "devtmpfs")


def file_system(path, mounts=None):
    """The type of the file system that a path lies on, from the list of mounts."""
    if mounts is None:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    path, best = os.path.realpath(path), ("", "unknown")
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = fields.split()[4].encode().decode("unicode_escape")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = (point, rest.split()[0])
    return best[1]


def refusal(path, mounts=None):
    """Why nothing can be measured there, or None."""
    kind = file_system(path, mounts)
    if kind in MEMORY_ONLY:
        return f"{path} is on {kind}, where a sync does nothing: give --dir a folder on a disk"
    return None


def busy():
    """A note on what else the machine does, or None."""
    load, processors = os.getloadavg()[0], os.cpu_count()
    if load < 0.3 * processors:
        return None
    return (f"the machine is busy (load average {load:.1f} on {processors} processors): "
            "figures are rough")
