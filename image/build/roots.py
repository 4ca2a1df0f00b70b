# SPDX-License-Identifier: MIT
"""Root file systems from packages, made by mmdebstrap: as root, or as a plain user (unshare)."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from image.command import run

# Fixed, so that time stamps do not differ from build to build.
SOURCE_DATE_EPOCH = "1767225600"

# Each root says what it is made of, for the record of the build.
RECORD = Path(__file__).resolve().parent.parent / "hooks" / "record-packages"
LOCK = "usr/share/glovebox/packages.lock"

# For a root whose byte code is made when it is finished, and not by each package: emulated, that
# takes longer than all the rest of its installation.
NO_BYTE_CODE = ("--dpkgopt=path-exclude=/usr/bin/py3compile",)
SLIM = (
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)


@dataclass(frozen=True)
class Root:
    """What one root is made of; `mirror` None means mmdebstrap's own choice for the suite.

    An `architecture` of None is the host's.

    Device nodes stay out: a plain user could not unpack them, and the kernel makes them anyway.
    """

    suite: str
    packages: tuple[str, ...]
    components: str = "main"
    mirror: str | None = None
    keyring: Path | None = None
    architecture: str | None = None
    options: tuple[str, ...] = ()
    hooks: tuple[str, ...] = field(default=())

    @property
    def inputs(self) -> list[str | Path]:
        """Return what tells this root from another one, for the cache."""
        return [
            Path(__file__), RECORD,
            self.suite, *self.packages, self.components, self.mirror or "",
            self.architecture or "", *self.options, *self.hooks, *SLIM,
        ]  # fmt: skip

    def make(self, target: Path, log: Path) -> None:
        """Write the root as a tar file. Raises what image.command.run raises."""
        mirror = [self.mirror] if self.mirror else []
        # Whether foreign programs run is seen to before (image/build/emulation.py).
        foreign = ["--skip=check/qemu", f"--architectures={self.architecture}"]
        architecture = foreign if self.architecture else []
        with readable(RECORD, self.keyring) as (record, *keys):
            keyring = [f"--keyring={key}" for key in keys]
            run(
                [
                    "mmdebstrap", "--format=tar", "--variant=essential", "--skip=output/dev",
                    f"--include={','.join(self.packages)}", f"--components={self.components}",
                    *architecture, *SLIM, *self.options, *keyring, f"--customize-hook={record}",
                    *self.hooks, self.suite, target, *mirror,
                ],
                log,
                {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH},
            )  # fmt: skip


@contextmanager
def readable(*files: Path | None) -> Iterator[list[Path]]:
    """Give copies of files that all may read and run: apt's own user, and root of a namespace.

    Both are kept out of many home directories. None is passed over.
    """
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        copies = [Path(shutil.copyfile(each, Path(folder) / each.name)) for each in files if each]
        for copy in copies:
            copy.chmod(0o755)
        yield copies


def change(
    additions: Sequence[tuple[Path, str]],
    hook: Path,
    environment: Mapping[str, str],
    target: Path,
    log: Path,
) -> None:
    """Write a root of the tars in `additions`, each unpacked at its place, finished by `hook`.

    The hook is a program that is given the root's folder and the `environment`; it runs with the
    root's ownership in force, as root or in a user namespace.
    """
    unpack = [
        argument
        for tar, place in additions
        for argument in (
            f'--setup-hook=mkdir -p "$1{place}"',
            f"--setup-hook=tar-in {shlex.quote(str(tar))} {place}",
        )
    ]
    with readable(hook) as (finish,):
        run(
            [
                "mmdebstrap", "--format=tar", "--variant=custom", "--skip=setup,update,cleanup",
                *unpack, f"--customize-hook={finish}", "", target, "-",
            ],
            log,
            {"SOURCE_DATE_EPOCH": SOURCE_DATE_EPOCH, **environment},
        )  # fmt: skip


def package_list(file: Path) -> tuple[str, ...]:
    """Return the package names in `file`, one a line, `#` starting a comment."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return tuple(line for line in lines if line)
