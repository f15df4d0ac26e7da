# SPDX-License-Identifier: Apache-2.0
"""The wheel: what it is named, holds, and asks of the machine."""

import email
import json
import platform
import re
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from pathlib import Path

import pytest

import elf

# Beside these, which any manylinux has, a wheel may ask for nothing.
ALLOWED = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "libz.so.1"}
LOADER = "ld-linux"
MOST_BYTES = 4_000_000


def metadata(unpacked: Path, version: str, name: str) -> Message:
    return email.message_from_string((unpacked / f"libwal-{version}.dist-info/{name}").read_text())


@pytest.fixture
def version(root: Path) -> str:
    text = (root / "bindings/python/pyproject.toml").read_text()
    return str(tomllib.loads(text)["project"]["version"])


def test_the_name_says_for_whom_it_is(wheel: Path, version: str) -> None:
    assert wheel.name == f"libwal-{version}-cp311-abi3-linux_{platform.machine()}.whl"


def test_the_tag_within_is_the_same(unpacked: Path, wheel: Path, version: str) -> None:
    said = metadata(unpacked, version, "WHEEL")
    assert said.get_all("Tag") == [wheel.stem.split("-", 2)[2]]
    assert said["Root-Is-Purelib"] == "false"


def test_the_metadata_are_the_projects(unpacked: Path, version: str, root: Path) -> None:
    said = metadata(unpacked, version, "METADATA")
    assert (said["Name"], said["Version"]) == ("libwal", version)
    assert said["Requires-Python"] == ">=3.11"
    assert said.get_all("License-File") == ["LICENSE"]
    title = " ".join((root / "LICENSE").read_text().split()[:4])
    assert (said["License-Expression"], title) == ("Apache-2.0", "Apache License Version 2.0,")
    required = said.get_all("Requires-Dist") or []
    assert all("extra ==" in each for each in required), "nothing is needed beside Python"


def test_it_holds_the_package_and_nothing_else(wheel: Path, version: str, root: Path) -> None:
    package = root / "bindings/python"
    files = {path.relative_to(package) for path in (package / "libwal").rglob("*.*")}
    expected = {str(file) for file in files if "__pycache__" not in file.parts}
    expected.add("libwal/_libwal.abi3.so")
    own = f"libwal-{version}.dist-info"
    expected |= {f"{own}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "licenses/LICENSE",
                                              "licenses/OpenSSL.txt", "sboms/libwal.cdx.json")}
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(names) == sorted(expected)
    assert {"libwal/__init__.py", "libwal/_libwal.pyi", "libwal/py.typed"} <= set(names)


def test_the_licence_is_the_librarys(unpacked: Path, version: str, root: Path) -> None:
    within = unpacked / f"libwal-{version}.dist-info/licenses/LICENSE"
    assert within.read_text() == (root / "LICENSE").read_text()


def test_openssl_is_within_and_so_is_its_licence(
    unpacked: Path, extension: Path, version: str, root: Path
) -> None:
    within = unpacked / f"libwal-{version}.dist-info/licenses/OpenSSL.txt"
    assert "libcrypto.so.3" not in elf.needed(extension)
    said = within.read_text()
    assert said.endswith((root / "LICENSE").read_text())
    assert "OpenSSL 3." in said and "The OpenSSL Project Authors" in said


def test_the_bill_of_materials_names_what_is_linked(
    unpacked: Path, extension: Path, version: str
) -> None:
    bill = json.loads((unpacked / f"libwal-{version}.dist-info/sboms/libwal.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/libwal@{version}"
    linkage = {each["name"]: each["properties"][0]["value"] for each in bill["components"]}
    assert linkage == {"openssl": "static", "zlib": "dynamic"}
    assert "libz.so.1" in elf.needed(extension)
    for each in bill["components"]:
        assert re.fullmatch(rf"pkg:generic/{each['name']}@\d+(\.\d+)+", each["purl"])
    (depends, *_) = bill["dependencies"]
    assert set(depends["dependsOn"]) == {each["bom-ref"] for each in bill["components"]}


def test_it_needs_no_library_beside_the_allowed(extension: Path) -> None:
    beside = elf.needed(extension) - ALLOWED
    assert not {name for name in beside if not name.startswith(LOADER)}


def test_it_exports_its_init_function_alone(extension: Path) -> None:
    assert elf.exported(extension) == {"PyInit__libwal"}


def test_it_uses_the_stable_abi_alone(wheel: Path) -> None:
    """Every Py* name that it asks for is in CPython's list of the stable ABI as of 3.11, which
    abi3audit brings along."""
    audit = [sys.executable, "-m", "abi3audit", "--strict", "--verbose", wheel]
    done = subprocess.run(audit, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_is_stripped_and_small(extension: Path, wheel: Path) -> None:
    assert not {".symtab", ".debug_info"} & elf.sections(extension)
    assert wheel.stat().st_size < MOST_BYTES


def test_it_names_no_folder_of_the_build(extension: Path, root: Path) -> None:
    content = extension.read_bytes()
    assert str(root).encode() not in content
    assert str(Path.home()).encode() + b"/" not in content
