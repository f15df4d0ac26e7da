# SPDX-License-Identifier: Apache-2.0
"""Writes what tells Python's tools which package is installed, for distributions, which build
without pip: dist_info.py BINDING DIST_INFO

BINDING is the folder with pyproject.toml, DIST_INFO the folder to write; its name ends the name of
what is installed."""

import sys
import tomllib
from pathlib import Path


def metadata(project, readme):
    """The core metadata, version 2.4, as the wheel's."""
    yield "Metadata-Version", "2.4"
    yield "Name", project["name"]
    yield "Version", project["version"]
    yield "Summary", project["description"]
    yield "Keywords", ",".join(project["keywords"])
    yield "License-Expression", project["license"]
    for name in project["classifiers"]:
        yield "Classifier", name
    yield "Requires-Python", project["requires-python"]
    for extra, needs in project["optional-dependencies"].items():
        yield "Provides-Extra", extra
        for need in needs:
            yield "Requires-Dist", f'{need}; extra == "{extra}"'
    yield "Description-Content-Type", "text/markdown"
    yield "", f"\n{readme}"


def main(binding, dist_info):
    project = tomllib.loads((binding / "pyproject.toml").read_text())["project"]
    lines = [f"{name}: {value}" if name else value
             for name, value in metadata(project, (binding / project["readme"]).read_text())]
    dist_info.mkdir(exist_ok=True)
    (dist_info / "METADATA").write_text("\n".join(lines))
    (dist_info / "INSTALLER").write_text("cmake\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
