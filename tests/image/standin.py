# SPDX-License-Identifier: MIT
"""A stand-in for the Raspberry Pi archive: same layout and names, packages repacked from Debian's.

What it cannot show is what the real packages hold (docs/owner/card.md).
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from image.build.archive import KEY_NAME, fingerprints

ORIGIN = "Raspberry Pi Foundation"
SUFFIX = "+rpt1"
# Debian's package (a pattern) → what Raspberry Pi calls its own.
PACKAGES = {
    "linux-image-6.*-arm64": "linux-image-rpi-v8",
    "raspi-firmware": "raspi-firmware",
    "firmware-brcm80211": "firmware-brcm80211",
}
DOWNLOAD = """\
set -e
export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
kernel=$(apt-cache depends linux-image-arm64 | sed -n 's/ *Depends: //p' | head -n 1)
cd "$FOLDER"
apt-get download "$kernel" raspi-firmware firmware-brcm80211
"""


def make(folder: Path) -> tuple[Path, str]:
    """Make the archive below `folder`; return its top and the fingerprint of its key."""
    debs, top = folder / "debs", folder / "debian"
    debs.mkdir(parents=True)
    download(debs)
    pool = top / "pool"
    pool.mkdir(parents=True)
    for pattern, name in PACKAGES.items():
        (found,) = [deb for deb in debs.glob("*.deb") if matches(deb, pattern)]
        repack(found, name, folder / "work", pool)
    empty(folder / "work", "python3-lgpio", pool)
    return top, sign(top, folder / "gpg")


def matches(deb: Path, pattern: str) -> bool:
    return re.fullmatch(pattern.replace("*", ".*"), deb.name.split("_")[0]) is not None


def download(folder: Path) -> None:
    """Fetch Debian's packages for arm64 with apt, as mmdebstrap sets it up."""
    script = folder / "download"
    script.write_text(DOWNLOAD.replace("$FOLDER", str(folder)))
    subprocess.run(
        ["mmdebstrap", "--variant=custom", "--architectures=arm64", "--skip=check/qemu",
         "--components=main,non-free-firmware", "--format=null",
         f"--customize-hook=sh {script}", "trixie", "-"],
        check=True, capture_output=True,
    )  # fmt: skip


def repack(deb: Path, name: str, work: Path, pool: Path) -> None:
    """Give a package another name and version, its content as it was."""
    folder = work / name
    folder.parent.mkdir(exist_ok=True)
    subprocess.run(["dpkg-deb", "-R", deb, folder], check=True)
    control = folder / "DEBIAN/control"
    text = re.sub(r"^Package: .*$", f"Package: {name}", control.read_text(), flags=re.M)
    text = re.sub(r"^(Version: .*)$", rf"\1{SUFFIX}", text, flags=re.M)
    # Debian's own kernel depends on what only its archive has.
    control.write_text(text)
    build(folder, pool)


def empty(work: Path, name: str, pool: Path) -> None:
    """Make a package that holds nothing."""
    (work / name / "DEBIAN").mkdir(parents=True)
    (work / name / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1.0{SUFFIX}\nArchitecture: all\nMaintainer: nobody <n@n>\n"
        "Description: stands in\n"
    )
    build(work / name, pool)


def build(folder: Path, pool: Path) -> None:
    argv: list[str | Path] = ["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", folder, pool]
    subprocess.run(argv, check=True, capture_output=True)


def sign(top: Path, home: Path) -> str:
    """Write index and signed release as an archive has them; return the key's fingerprint."""
    index = top / "dists/trixie/main/binary-arm64"
    index.mkdir(parents=True)
    (index / "Packages").write_text(
        "\n".join(stanza(top, deb) for deb in sorted(top.rglob("*.deb")))
    )
    (index / "Packages.gz").write_bytes(gzip.compress((index / "Packages").read_bytes()))
    release = top / "dists/trixie/Release"
    sums = "".join(
        f" {hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_size}"
        f" {file.relative_to(release.parent)}\n"
        for file in sorted(index.iterdir())
    )
    release.write_text(
        f"Origin: {ORIGIN}\nLabel: Raspberry Pi\nSuite: trixie\nCodename: trixie\n"
        f"Date: {date()}\nArchitectures: arm64\nComponents: main\nSHA256:\n{sums}"
    )
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--passphrase", ""]
    subprocess.run(
        [*gpg, "--quick-gen-key", "Stand-in", "rsa2048", "sign", "never"],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run([*gpg, "--clearsign", "-o", release.with_name("InRelease"), release], check=True)
    with (top / KEY_NAME).open("wb") as stream:
        subprocess.run([*gpg, "--armor", "--export"], check=True, stdout=stream)
    listing = subprocess.run(
        [*gpg, "--with-colons", "--list-keys"], check=True, capture_output=True, text=True
    )
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    return fingerprints(listing.stdout)[0]


def stanza(top: Path, deb: Path) -> str:
    shown = subprocess.run(["dpkg-deb", "-f", deb], check=True, capture_output=True, text=True)
    content = deb.read_bytes()
    return (
        f"{shown.stdout.strip()}\nFilename: {deb.relative_to(top)}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def date() -> str:
    return subprocess.run(
        ["date", "-Ru"], check=True, capture_output=True, text=True
    ).stdout.strip()


@contextmanager
def served(top: Path) -> Iterator[str]:
    """Serve the archive on loopback; give its address."""
    handler = partial(Quiet, directory=str(top.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{top.name}/"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass
