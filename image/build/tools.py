# SPDX-License-Identifier: MIT
"""Programs of the tools root, run in place.

The tools root is an unpacked Debian with the QEMU, genimage, e2fsprogs… that the build needs, so
that a build behaves alike on every host. Its programs run through the root's own loader and
libraries: no chroot, so no rights are needed and nothing must be mounted.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

LOADERS = {"x86_64": "lib64/ld-linux-x86-64.so.2", "aarch64": "lib/ld-linux-aarch64.so.1"}


@dataclass(frozen=True)
class Tools:
    """The unpacked tools root."""

    root: Path

    def argv(self, program: str) -> list[str]:
        """Return the words that start `program` of the root; its arguments follow."""
        return [str(self.root / "run" / program)]

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which the root's programs find each other and their data."""
        return {
            "PATH": f"{self.root / 'run'}:{os.environ.get('PATH', os.defpath)}",
            "MKE2FS_CONFIG": str(self.root / "etc/mke2fs.conf"),
            # FAT knows local times only (mtools).
            "TZ": "UTC",
        }


def make_runnable(root: Path) -> None:
    """Write `run/<program>` for each program of `root`: a start through the root's own loader."""
    machine = os.uname().machine
    # The links to the first two are absolute: they lead to the host's, if it has any.
    folders = [f"usr/lib/{machine}-linux-gnu{each}" for each in ("/blas", "/lapack", "")]
    libraries = ":".join(f"$here/{each}" for each in folders if (root / each).is_dir())
    folder = root / "run"
    for program in _programs(root):
        script = folder / program.name
        script.write_text(
            "#!/bin/sh\n"
            'here=$(dirname "$(dirname "$(readlink -f "$0")")")\n'
            f'exec "$here/{LOADERS[machine]}" --library-path "{libraries}"'
            f' --argv0 {program.name} "$here/{program.relative_to(root)}" "$@"\n'
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _programs(root: Path) -> list[Path]:
    wanted = (root / "run" / "programs").read_text().split()
    return [next(root.glob(f"usr/*bin/{name}")) for name in wanted]
