# SPDX-License-Identifier: MIT
"""The software bill of materials: SPDX 2.3 JSON of what a root holds, from the root itself.

Debian packages come from dpkg's own list, their licences from their machine-readable copyright
files (DEP 5), their checksums from the record; Python packages from their METADATA.
"""

from __future__ import annotations

import hashlib
import json
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from image.build.record import Package, parse
from image.build.roots import LOCK, SOURCE_DATE_EPOCH

# Debian's short names of licences → SPDX's, where they differ by more than letters' case.
SPDX = {
    "expat": "MIT", "mit": "MIT", "apache-2.0": "Apache-2.0", "isc": "ISC", "zlib": "Zlib",
    "bsd-2-clause": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause", "psf-2": "PSF-2.0",
    "mpl-2.0": "MPL-2.0", "artistic": "Artistic-1.0-Perl", "openssl": "OpenSSL",
    "cc0-1.0": "CC0-1.0", "0bsd": "0BSD", "curl": "curl", "unicode": "Unicode-3.0",
}  # fmt: skip
GNU = re.compile(r"(A?GPL|LGPL|GFDL)-(\d(?:\.\d)?)(\+)?")
NOTHING = "NOASSERTION"
STATUS = "var/lib/dpkg/status"


@dataclass(frozen=True)
class Component:
    """One package that a root holds."""

    name: str
    version: str
    purl: str
    licences: tuple[str, ...] = ()
    source: str = ""
    homepage: str = ""
    sha256: str = ""


@dataclass
class Contents:
    """What is read from one root."""

    status: str = ""
    lock: list[Package] = field(default_factory=list)
    copyrights: dict[str, str] = field(default_factory=dict)
    metadata: list[str] = field(default_factory=list)


def read(tar_file: Path) -> Contents:
    """Read what a root's tar says of its packages; the engine's root within it is left out."""
    contents = Contents()
    with tarfile.open(tar_file) as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            parts = name.split("/")
            copyright_file = parts[:3] == ["usr", "share", "doc"] and parts[4:] == ["copyright"]
            python = "dist-packages" in parts and name.endswith("dist-info/METADATA")
            if name not in (STATUS, LOCK) and not copyright_file and not python:
                continue
            stream = tar.extractfile(member) if member.isfile() else None
            text = stream.read().decode(errors="replace") if stream else ""
            if name == LOCK:
                contents.lock = parse(text)
            elif copyright_file:
                contents.copyrights[parts[3]] = text
            elif python and "/glovebox/engine/" not in name:
                contents.metadata.append(text)
            elif name == STATUS:
                contents.status = text
    return contents


def components(contents: Contents, vendor: str) -> list[Component]:
    """Return a root's packages, Debian's and Python's, in order of their names."""
    sums = {(p.name, p.version): p.sha256 for p in contents.lock}
    found = []
    for stanza in contents.status.strip().split("\n\n"):
        fields = HeaderParser().parsestr(stanza)
        name, version, architecture = fields["Package"], fields["Version"], fields["Architecture"]
        found.append(
            Component(
                name, version,
                f"pkg:deb/{vendor}/{name}@{_quoted(version)}?arch={architecture}",
                licences_of(contents.copyrights.get(name, "")),
                fields["Source"] or name,
                fields["Homepage"] or "",
                sums.get((name, version), ""),
            )
        )  # fmt: skip
    return sorted([*found, *map(_python, contents.metadata)], key=lambda each: each.purl)


def licences_of(copyright_file: str) -> tuple[str, ...]:
    """Return the SPDX names of the licences in a DEP 5 file; none in a free-form one."""
    if not copyright_file.startswith("Format:"):
        return ()
    shorts: set[str] = set()
    for line in re.findall(r"^License:[ \t]*(\S.*)$", copyright_file, re.MULTILINE):
        shorts.update(re.split(r"\s+(?:and|or|with)\s+|[,\s]+", line.strip()))
    return tuple(sorted({spdx_name(short) for short in shorts if short}))


def spdx_name(short: str) -> str:
    """Return SPDX's name for a licence that Debian calls `short`; a LicenseRef if it has none."""
    gnu = GNU.fullmatch(short)
    if gnu:
        version = gnu[2] if "." in gnu[2] else f"{gnu[2]}.0"
        return f"{gnu[1]}-{version}-{'or-later' if gnu[3] else 'only'}"
    known = SPDX.get(short.lower())
    return known or "LicenseRef-" + re.sub(r"[^A-Za-z0-9.-]+", "-", short).strip("-")


def _python(metadata: str) -> Component:
    fields = HeaderParser().parsestr(metadata)
    name, version = fields["Name"], fields["Version"]
    licence = fields["License-Expression"] or fields["License"] or ""
    known = (spdx_name(licence),) if re.fullmatch(r"[\w.+-]+", licence) else ()
    return Component(name, version, f"pkg:pypi/{name.lower()}@{version}", known)


def document(name: str, groups: Mapping[str, Iterable[Component]]) -> str:
    """Return the SPDX document of an image; `groups` are its roots by name."""
    packages = [_package(group, each) for group, found in groups.items() for each in found]
    text = json.dumps(packages, sort_keys=True)
    refs = sorted(set(re.findall(r"LicenseRef-[A-Za-z0-9.-]+", text)))
    created = datetime.fromtimestamp(int(SOURCE_DATE_EPOCH), UTC)
    whole: dict[str, Any] = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": f"urn:glovebox:{name}:{hashlib.sha256(text.encode()).hexdigest()}",
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: glovebox-build"],
        },
        "packages": packages,
        "hasExtractedLicensingInfos": [
            {"licenseId": ref, "extractedText": "see the package's copyright file"} for ref in refs
        ],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
             "relatedSpdxElement": package["SPDXID"]}
            for package in packages
        ],
    }  # fmt: skip
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def _package(group: str, component: Component) -> dict[str, Any]:
    identity = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{group}-{component.purl.partition(':')[2]}")
    checksum = [{"algorithm": "SHA256", "checksumValue": component.sha256}]
    return {
        "SPDXID": f"SPDXRef-{identity}",
        "name": component.name,
        "versionInfo": component.version,
        "downloadLocation": NOTHING,
        "filesAnalyzed": False,
        "licenseConcluded": NOTHING,
        "licenseDeclared": " AND ".join(component.licences) or NOTHING,
        "copyrightText": NOTHING,
        "comment": f"in the {group} root",
        **({"sourceInfo": f"built from the source package {component.source}"}
           if component.source else {}),
        **({"homepage": component.homepage} if component.homepage else {}),
        **({"checksums": checksum} if component.sha256 else {}),
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": component.purl}
        ],
    }  # fmt: skip


def _quoted(version: str) -> str:
    return version.replace("%", "%25").replace(":", "%3A").replace("+", "%2B")
