# SPDX-License-Identifier: MIT
"""The bill of materials, from a small root made here."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from image.build.roots import LOCK
from image.release.sbom import components, document, licences_of, read, spdx_name

STATUS = """\
Package: libsystemd0
Version: 257.13-1~deb13u1
Architecture: arm64
Source: systemd
Homepage: https://systemd.io

Package: netbase
Version: 1:6.5+b1
Architecture: all
"""
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: LGPL-2.1+

Files: src/basic/siphash24.c
License: CC0-1.0 or Expat

License: LGPL-2.1+
 The text of it.
"""
METADATA = "Metadata-Version: 2.1\nName: pcapy-ng\nVersion: 2.1.0\nLicense: Apache-2.0\n"
SUM = "ab" * 32


def root(folder: Path) -> Path:
    files = {
        "./var/lib/dpkg/status": STATUS,
        "./usr/share/doc/libsystemd0/copyright": COPYRIGHT,
        f"./{LOCK}": f"libsystemd0 257.13-1~deb13u1 arm64 {SUM}\n",
        "./usr/lib/python3/dist-packages/pcapy_ng-2.1.0.dist-info/METADATA": METADATA,
        "./usr/lib/glovebox/engine/usr/lib/python3/dist-packages/x.dist-info/METADATA": METADATA,
    }
    with tarfile.open(folder / "root.tar", "w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return folder / "root.tar"


def test_components_have_versions_licences_sources_and_sums(tmp_path: Path) -> None:
    system, netbase, pcapy = components(read(root(tmp_path)), "debian")
    assert system.purl == "pkg:deb/debian/libsystemd0@257.13-1~deb13u1?arch=arm64"
    assert system.licences == ("CC0-1.0", "LGPL-2.1-or-later", "MIT")
    assert (system.source, system.sha256) == ("systemd", SUM)
    assert netbase.purl == "pkg:deb/debian/netbase@1%3A6.5%2Bb1?arch=all"
    assert (netbase.source, netbase.licences, netbase.sha256) == ("netbase", (), "")
    assert (pcapy.purl, pcapy.licences) == ("pkg:pypi/pcapy-ng@2.1.0", ("Apache-2.0",))


def test_document_is_spdx_and_the_same_each_time(tmp_path: Path) -> None:
    found = components(read(root(tmp_path)), "debian")
    text = document("glovebox-0.1.0-pi-debian", {"system": found})
    assert text == document("glovebox-0.1.0-pi-debian", {"system": found})
    parsed = json.loads(text)
    assert parsed["spdxVersion"] == "SPDX-2.3"
    (tmp_path / "x.spdx.json").write_text(text)
    assert validate_full_spdx_document(parse_file(str(tmp_path / "x.spdx.json"))) == []
    identities = [package["SPDXID"] for package in parsed["packages"]]
    assert len(set(identities)) == 3
    assert {each["relatedSpdxElement"] for each in parsed["relationships"]} == set(identities)


def test_document_explains_each_licence_that_spdx_does_not_know() -> None:
    assert licences_of("Format: x\n\nLicense: Beerware\n") == ("LicenseRef-Beerware",)


def test_licences_of_a_file_without_form() -> None:
    assert licences_of("This package was debianized by hand.\nLicense: GPL\n") == ()


@pytest.mark.parametrize(
    ("short", "name"),
    [("GPL-2+", "GPL-2.0-or-later"), ("GPL-3", "GPL-3.0-only"), ("LGPL-2.1+", "LGPL-2.1-or-later"),
     ("Expat", "MIT"), ("BSD-3-clause", "BSD-3-Clause"), ("public-domain",
      "LicenseRef-public-domain"), ("GFDL-1.3+", "GFDL-1.3-or-later")],
)  # fmt: skip
def test_spdx_name(short: str, name: str) -> None:
    assert spdx_name(short) == name
