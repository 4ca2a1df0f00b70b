# SPDX-License-Identifier: MIT
"""`build.sh image`: build, and put together what is handed out: image, map, sums, bill, record."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from appliance import __version__
from appliance.errors import GloveboxError
from image.build import options, record
from image.build.cache import discard
from image.build.context import BuildContext
from image.build.image import Image, build_image
from image.build.packages_root import fetch_archive_key
from image.build.tools_root import build_tools
from image.progress import StageProgress
from image.release import artefacts, bundle, sbom, signature
from image.release.keys import UpdateKeys, take_keys

DESCRIPTION = "Network sensor and media kit: watches a router's traffic, serves films in a car."


def release(
    context: BuildContext,
    image: Image,
    keys: UpdateKeys,
    secret_key: Path | None = None,
    place: str | None = None,
) -> Path:
    """Write the folder of a build and return it; an older one of the same name goes.

    The bundle in it is signed with `keys`.

    With a `secret_key` its sums are signed; Imager looks for the image at `place`, the address of a
    folder, or else where it lies now.
    """
    name = f"glovebox-{__version__}-{image.title}"
    target = context.folder / "out" / name
    made = target.with_name(f".{name}.partial")
    discard(made)
    made.mkdir(parents=True)
    with context.progress.stage("compressing"):
        packed = made / f"{name}.img.xz"
        artefacts.compress(image.tools, image.disk, packed, context.log("compress"))
    with context.progress.stage("bundle for updates"):
        bundle.make(
            image, __version__, keys, made / f"{name}{bundle.SUFFIX}", context.log("bundle")
        )
    with context.progress.stage("block map, checksums, bill of materials"):
        artefacts.block_map(image.tools, image.disk, made / f"{name}.bmap", context.log("bmap"))
        summary = artefacts.summary(image.disk)
        title = f"Glovebox {__version__} ({image.title})"
        url = f"{(place or target.absolute().as_uri()).rstrip('/')}/{packed.name}"
        text = artefacts.manifest(title, DESCRIPTION, summary, packed, url)
        (made / f"{name}{artefacts.MANIFEST}").write_text(text)
        (made / f"{name}.lock.json").write_text(lock(image))
        (made / f"{name}.spdx.json").write_text(bill(name, image))
        (made / signature.SUMS).write_text(artefacts.checksums(made))
        if secret_key:
            signature.sign(made, secret_key, title)
    artefacts.replace_folder(made, target)
    return target


def lock(image: Image) -> str:
    """Return the record of an image: what another build can be held to."""
    words = {"glovebox": __version__, "image": image.title}
    roots = record.of_roots(image.tools.root, image.packages, image.engine_tar, image.lists_lock)
    return record.render(words, roots)


def bill(name: str, image: Image) -> str:
    """Return the SPDX document of an image."""
    groups = {"system": sbom.components(sbom.read(image.system), "debian")}
    if image.engine_tar:
        vendor = "debian" if image.engine.is_debian else "ubuntu"
        groups["engine"] = sbom.components(sbom.read(image.engine_tar), vendor)
    return sbom.document(name, groups)


def main(argv: Sequence[str]) -> int:
    """Build an image and say where it is."""
    parser = argparse.ArgumentParser(
        prog="build.sh image",
        description="Build the image of a board. Stages that did not change are kept.",
        epilog="Exit status: 0 built, 2 bad input, 6 no network, 7 disk full, 1 another failure,"
        " 130 Ctrl-C.",
        parents=[options.parser()],
    )
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="sign the sums with this secret key of minisign's"
    )
    parser.add_argument(
        "--published-at",
        metavar="URL",
        help="address of the folder that others get it from, for Imager's list (default: this PC)",
    )
    arguments = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    progress = StageProgress()
    try:
        context = options.context_of(arguments, progress)
        # What is only emulated needs no card, and nobody's updates.
        if context.board.device_tree is None:
            print(build_image(context).disk)
        else:
            print(_hand_out(context, arguments.sign, arguments.published_at))
    except GloveboxError as error:
        print(f"build.sh image: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        print("build.sh image: interrupted; finished stages are kept", file=sys.stderr)
        return 130
    return 0


def _hand_out(context: BuildContext, secret_key: Path | None, place: str | None) -> Path:
    # As in build_image: what would fail is tried before what takes minutes.
    fetch_archive_key(context)
    keys = take_keys(build_tools(context), context.folder, context.log("keys"))
    context = replace(context, keyring=keys.keyring())
    return release(context, build_image(context), keys, secret_key, place)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
