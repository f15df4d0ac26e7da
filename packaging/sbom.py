# SPDX-License-Identifier: Apache-2.0
"""Writes a software bill of materials, CycloneDX 1.6 in JSON: what libwal is made of.

sbom.py FILE TYPE VERSION [NAME=[VERSION]=static|dynamic]...

TYPE is that of the package's URL: pypi for the wheel, generic for the C library. Each NAME is a
library of another project that is linked, static: it is within; without a version: whichever is
there. The same words give the same bytes.
"""

import json
import sys
import uuid
from pathlib import Path

LICENCES = {"openssl": "Apache-2.0", "zlib": "Zlib"}
SITES = {"openssl": "https://openssl-library.org", "zlib": "https://zlib.net"}


def component(name, version, licence, kind="generic"):
    numbered = {"version": version} if version else {}
    purl = f"pkg:{kind}/{name}" + (f"@{version}" if version else "")
    return {"type": "library", "bom-ref": purl, "name": name, **numbered,
            "licenses": [{"license": {"id": licence}}], "purl": purl}


def linked(name, version, how):
    return component(name, version, LICENCES[name]) | {
        "externalReferences": [{"type": "website", "url": SITES[name]}],
        "properties": [{"name": "libwal:linkage", "value": how}],
    }


def bill(kind, version, others):
    own = component("libwal", version, "Apache-2.0", kind)
    parts = [linked(*other.split("=")) for other in others]
    content = {
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [
            {"ref": own["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"]} for part in parts),
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX",
            "specVersion": "1.6", "serialNumber": serial.urn, "version": 1} | content


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    FILE, KIND, VERSION, *OTHERS = sys.argv[1:]
    Path(FILE).write_text(json.dumps(bill(KIND, VERSION, OTHERS), indent=2) + "\n")
