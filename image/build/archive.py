# SPDX-License-Identifier: MIT
"""An archive beside Debian's: its key is fetched and checked before anything is taken from it.

Only the key that is meant goes on to apt, whatever else the fetched file holds: apt would trust
each key in it.

Raspberry Pi's key is known by its fingerprint. Its self-signatures were once made with SHA-1, which
apt refuses since 2026 (sqv's policy): such an old copy is told from a current one here, with words
that help, and not in the middle of a build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import InputError, NetworkError
from image.build import overlay
from image.build.boards import Board
from image.build.cache import walk
from image.build.roots import SOURCE_DATE_EPOCH
from image.command import BuildError

SECONDS = 10.0
KEY_NAME = "raspberrypi.gpg.key"
LARGEST_KEY = 1 << 20
# RFC 9580, section 9.5: SHA2-256, -384, -512, -224; SHA3-256, -512.
SOUND_DIGESTS = {8, 9, 10, 11, 12, 14}
CERTIFICATIONS = {0x10, 0x11, 0x12, 0x13}
SIGNATURE = re.compile(
    r"^:signature packet: algo \d+, keyid (\w+)\n"
    r"\tversion \d+, created (\d+), md5len \d+, sigclass 0x(\w+)\n"
    r"\tdigest algo (\d+)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Archive:
    """Where an archive is and whose key signs it; `fingerprint` in hex."""

    url: str = "http://archive.raspberrypi.com/debian/"
    fingerprint: str = "CF8A1AF502A2AA2D763BAE7E82B129927FA3303E"

    def key(self) -> bytes:
        """Fetch the key, alone, and check it. Raises NetworkError, InputError."""
        key = only(self._fetch(), self.fingerprint)
        check(key, self.fingerprint)
        return key

    def _fetch(self) -> bytes:
        url = f"{self.url.rstrip('/')}/{KEY_NAME}"
        try:
            with urllib.request.urlopen(url, timeout=SECONDS) as answer:
                return bytes(answer.read(LARGEST_KEY))
        except (OSError, urllib.error.URLError, ValueError) as error:
            raise NetworkError(
                f"the Raspberry Pi archive cannot be reached ({url}: {error});"
                " `--flavour debian` builds from Debian's mirror alone"
            ) from error


def fetch(archive: Archive, target: Path) -> None:
    """Write the archive's checked key to `target`. Raises NetworkError, InputError."""
    target.write_bytes(archive.key())


def only(keys: bytes, fingerprint: str) -> bytes:
    """Return, in armour, the one key of `keys` that has the fingerprint. Raises InputError.

    Subkeys that it did not sign itself are left out (gpg(1), --import).
    """
    with tempfile.TemporaryDirectory() as home:
        _gpg("--import", key=keys, home=home)
        found = fingerprints(_gpg("--list-keys", "--with-colons", home=home))
        if fingerprint not in found:
            raise InputError(
                f"the archive's key is {', '.join(found) or 'none at all'}, not {fingerprint}"
            )
        return _gpg("--armor", "--export", fingerprint, home=home).encode()


def check(key: bytes, fingerprint: str) -> None:
    """Refuse any other key than the one meant, or one that apt would. Raises InputError."""
    found = fingerprints(_gpg("--show-keys", "--with-colons", key=key))
    if found != [fingerprint]:
        raise InputError(
            f"the archive's key is {', '.join(found) or 'none at all'}, not {fingerprint}"
        )
    digest = newest_digest(_gpg("--list-packets", key=key), fingerprint)
    if digest not in SOUND_DIGESTS:
        raise InputError(
            f"this copy of key {fingerprint} is an old one: apt refuses the digest of its newest"
            f" self-signature ({digest}); raspberrypi-archive-keyring 2025.1 has a new copy"
        )


def hold(file: Path, fingerprint: str) -> None:
    """Check a key that was kept before it is used again. Raises InputError."""
    try:
        check(file.read_bytes(), fingerprint)
    except InputError as error:
        raise InputError(f"{file} was changed: {error}; remove it to fetch it anew") from error


def fingerprints(listing: str) -> list[str]:
    """Return the keys in what gpg printed with `--with-colons`, by fingerprint; no subkeys."""
    found, of_key = [], False
    for words in (line.split(":") for line in listing.splitlines()):
        if words[0] == "fpr" and of_key:
            found.append(words[9])
        of_key = words[0] in ("pub", "sec")
    return found


def newest_digest(packets: str, fingerprint: str) -> int | None:
    """Return the digest of the key's newest signature of itself; None where it has none.

    `packets` is what `gpg --list-packets` printed.
    """
    own = [
        (int(created), int(digest))
        for keyid, created, kind, digest in SIGNATURE.findall(packets)
        if fingerprint.endswith(keyid.upper()) and int(kind, 16) in CERTIFICATIONS
    ]
    return max(own)[1] if own else None


def _gpg(*options: str, key: bytes = b"", home: str = "") -> str:
    """Run gpg with a keyring of its own, in `home` or nowhere; return what it printed."""
    try:
        with tempfile.TemporaryDirectory() as nowhere:
            argv = ["gpg", "--batch", "--no-options", "--no-autostart", "--homedir"]
            result = subprocess.run(
                [*argv, home or nowhere, *options], input=key, capture_output=True, check=False
            )
    except OSError as error:
        raise BuildError(f"gpg: {error.strerror}: run `./build.sh setup`") from error
    return result.stdout.decode(errors="replace")


@contextmanager
def hooks(board: Board, archive: Archive, key: Path | None) -> Iterator[tuple[str, ...]]:
    """Give mmdebstrap's words that add a flavour's own archive, and take it out at the end.

    apt runs outside the root that it fills, as a user of its own: the key must be readable there.
    """
    if key is None:
        yield ()
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copyfile(key, folder / "key.asc")
        (folder / "key.asc").chmod(0o644)
        write_sources(board, archive, folder / "key.asc", folder / "sources")
        overlay.write(folder / "sources.tar", [(folder / "sources", "")], int(SOURCE_DATE_EPOCH))
        files = " ".join(f'"$1"/{file}' for file in _files(board))
        yield (f"--setup-hook=tar-in {folder}/sources.tar /", f"--customize-hook=rm {files}")


def write_sources(board: Board, archive: Archive, keyring: Path, folder: Path) -> None:
    """Write the apt files of a flavour with an archive of its own into the new `folder`."""
    for name in _files(board):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (board.sources / name).read_text()
        text = re.sub(r"^URIs: .*$", f"URIs: {archive.url}", text, flags=re.MULTILINE)
        text = re.sub(r"^Signed-By: .*$", f"Signed-By: {keyring}", text, flags=re.MULTILINE)
        target.write_text(text)


def _files(board: Board) -> list[Path]:
    return sorted(file.relative_to(board.sources) for file in walk(board.sources))
