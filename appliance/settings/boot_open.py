# SPDX-License-Identifier: MIT
"""`glovebox boot-open`: BOOT takes writes, with `--close` no more.

Who writes has neither the right nor a reason to do that itself. The file system is opened, not a
mount of it, so it holds in the views of all services (appliance/host/mounts.py).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from appliance import service
from appliance.host import mounts
from appliance.requests import BOOT
from appliance.service import Running

log = logging.getLogger(__name__)


@contextmanager
def opened(boot: Path = BOOT) -> Iterator[None]:
    """Have BOOT take writes in the block. Where that cannot be, whoever writes tells of it."""
    switch(boot, True)
    try:
        yield
    finally:
        switch(boot, False)


def switch(boot: Path, writable: bool) -> bool:
    """Have BOOT take writes, or no more; tell whether it could be done. Raises nothing."""
    try:
        mounts.set_writable(boot, writable)
    except OSError as error:
        log.warning("BOOT cannot be %s: %s", "opened" if writable else "closed", error.strerror)
        return False
    return True


def main(argv: Sequence[str]) -> int:
    """Open BOOT or close it; exit status 1 where it cannot be closed."""
    parser = argparse.ArgumentParser(
        prog="glovebox boot-open", description="Have the partition BOOT take writes (service)."
    )
    parser.add_argument("--boot", type=Path, default=BOOT, help="(%(default)s)")
    parser.add_argument("--close", action="store_true", help="have it take none any more")
    return service.run("boot-open", parser, argv, _switch, settings=False, once=True)


def _switch(running: Running) -> int:
    closing = running.arguments.close
    return int(not switch(running.arguments.boot, not closing) and closing)
