# SPDX-License-Identifier: MIT
"""Who made an image: SHA256SUMS signed by minisign(1), and what is handed out compared with it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from appliance.errors import InputError
from image.command import BuildError

SUMS = "SHA256SUMS"
SIGNATURE = f"{SUMS}.minisig"
LARGEST_LIST = 1 << 16


def sign(folder: Path, secret_key: Path, comment: str) -> None:
    """Sign the sums in `folder`; minisign asks for the key's password. Raises GloveboxError.

    The comment is signed too.
    """
    _minisign("-S", "-s", str(secret_key), "-m", str(folder / SUMS), "-t", comment, asks=True)


def check(image: Path, public_key: Path | None) -> bool:
    """Tell whether an image is signed, with the sums in its folder compared.

    Without `public_key` a signature is refused, for nothing would tell whose it is; with one, an
    image without a signature is. Raises InputError.
    """
    sums, signature = image.with_name(SUMS), image.with_name(SIGNATURE)
    if signature.exists() and public_key is None:
        raise InputError(f"{image.name} is signed; name the public key of its maker: --key FILE")
    if public_key is not None:
        if not signature.exists():
            raise InputError(f"{image.name} is not signed: {signature} is missing")
        _verify(sums, public_key)
    if sums.exists():
        _compare(image, sums)
    return public_key is not None


def _verify(sums: Path, public_key: Path) -> None:
    if not public_key.is_file():
        raise InputError(f"{public_key} is missing")
    try:
        _minisign("-V", "-q", "-p", str(public_key), "-m", str(sums))
    except BuildError as error:
        raise InputError(f"{sums}: not signed with {public_key}: {error}") from error


def _compare(image: Path, sums: Path) -> None:
    """Compare image and block map: what the one holds, the other says where to write."""
    listed = parse(sums.read_bytes()[: LARGEST_LIST + 1])
    base = image.name.removesuffix(".xz").removesuffix(".img")
    for file in (image, image.with_name(f"{base}.bmap")):
        with file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if listed.get(file.name) != found:
            raise InputError(f"{file} is not what {sums} lists")


def parse(content: bytes) -> dict[str, str]:
    """Return the sums by name of file. Raises InputError for what sha256sum(1) would not write."""
    found = {}
    for line in content.decode(errors="replace").splitlines():
        digest, _, name = line.partition("  ")
        if len(content) > LARGEST_LIST or len(digest) != 64 or not name or name in found:
            raise InputError(f"{SUMS} is no list of sums")
        found[name] = digest
    return found


def _minisign(*words: str, asks: bool = False) -> None:
    """Run minisign; where it `asks`, it does so on the terminal. Raises BuildError."""
    try:
        done = subprocess.run(["minisign", *words], capture_output=not asks, check=False)
    except OSError as error:
        raise BuildError(f"minisign: {error.strerror}: install the package of that name") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout or b"").decode(errors="replace").strip().splitlines()
        raise BuildError(f"minisign: {said[-1] if said else f'exit status {done.returncode}'}")
