# SPDX-License-Identifier: Apache-2.0
"""What binutils say about a shared object."""

import re
import subprocess
from pathlib import Path


def needed(file: Path) -> set[str]:
    """The shared libraries that it asks for."""
    text = subprocess.check_output(["readelf", "-d", file], text=True)
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", text))


def exported(file: Path) -> set[str]:
    """The names that others can link to."""
    text = subprocess.check_output(["nm", "-D", "--defined-only", file], text=True)
    return {line.split()[-1] for line in text.splitlines()}


def sections(file: Path) -> set[str]:
    """The names of its sections."""
    text = subprocess.check_output(["readelf", "-SW", file], text=True)
    return set(re.findall(r"\] (\.\S+)", text))
