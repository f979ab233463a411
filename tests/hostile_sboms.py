"""SBOMs that try to be more than a list of packages."""

from __future__ import annotations

import json

from tests.test_hugo_details import HOSTILE

NAMES = (
    *HOSTILE,
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'-alert(1)-'",
)

SPDX = json.dumps(
    {
        "spdxVersion": "SPDX-2.3",
        "packages": [
            {
                "name": name,
                "versionInfo": name,
                "licenseConcluded": name,
                "externalRefs": [{"referenceLocator": f"pkg:apk/{name}@1"}],
            }
            for name in NAMES
        ],
    }
).encode()
CYCLONEDX = json.dumps(
    {
        "bomFormat": "CycloneDX",
        "components": [
            {"name": name, "version": name, "licenses": [{"license": {"name": name}}]}
            for name in NAMES
        ],
    }
).encode()

DEEP = b'{"spdxVersion": "SPDX-2.3", "packages": ' + b"[" * 1_000_000
DEEP_ELSEWHERE = (
    b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": "app"}], "files": '
    + b'{"a":' * 200_000
    + b"1"
    + b"}" * 200_000
    + b"}"
)
MILLION = (
    b'{"bomFormat": "CycloneDX", "components": ['
    + b",".join(b'{"name":"p%d"}' % number for number in range(1_000_000))
    + b"]}"
)
LONG = b'{"bomFormat": "CycloneDX", "components": [{"name": "' + b"<b>" * 1_000_000 + b'"}]}'
