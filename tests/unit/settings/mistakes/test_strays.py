# SPDX-License-Identifier: MIT
"""Names that are nearly right are told; all else on BOOT is left alone."""

from __future__ import annotations

import pytest

from appliance.settings.mistakes.strays import strays

READ = {
    "glovebox.toml": "",
    "user-data": "",
    "rpi-preseed.toml": "",
    "wpa_supplicant.conf": "write it elsewhere",
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("glovebox.toml.txt", "rename it to glovebox.toml"),
        ("glovebox (1).toml", "rename it to glovebox.toml"),
        ("glovebox.toml (2).txt", "rename it to glovebox.toml"),
        ("glovebox - Copy.toml", "rename it to glovebox.toml"),
        ("glovebox copy 2.toml", "rename it to glovebox.toml"),
        ("Glovebox.txt", "rename it to glovebox.toml"),
        ("glovebox.rtf", "rename it to glovebox.toml"),
        ("glovebox", "rename it to glovebox.toml"),
        ("user-data.txt", "rename it to user-data"),
        ("wpa_supplicant.conf.txt", "write it elsewhere"),
        ("wpa_supplicant.txt", "write it elsewhere"),
        ("glovebox.toml.toml", "rename it to glovebox.toml"),
        ("glovebox_1.toml", "rename it to glovebox.toml"),
        ("glovebox.toml 2", "rename it to glovebox.toml"),
        ("Kopie von glovebox.toml", "rename it to glovebox.toml"),
        ("Copy of glovebox.toml", "rename it to glovebox.toml"),
        ("glove box.toml", "rename it to glovebox.toml"),
        ("gloveboks.toml", "rename it to glovebox.toml"),
        ("glovebox.ini", "rename it to glovebox.toml"),
        ("glovebox.yaml", "rename it to glovebox.toml"),
        ("glovebox.toml.crdownload", "rename it to glovebox.toml"),
        ("user-data.yml", "rename it to user-data"),
        ("userdata", "rename it to user-data"),
        ("user_data.txt", "rename it to user-data"),
        ("rpi_preseed.toml", "rename it to rpi-preseed.toml"),
    ],
)
def test_strays_names_what_is_nearly_right(name: str, words: str) -> None:
    (problem,) = strays([name, "config.txt", "._glovebox.toml"], READ)
    assert problem.startswith(f"{name}: ") and words in problem


def test_strays_leaves_the_rest_alone() -> None:
    names = [
        *READ, "GLOVEBOX.TOML", "glovebox-errors.txt", "config.txt", "cmdline.txt",
        "._glovebox.toml",
        "glovebox.toml.bak", "glovebox.toml~", ".glovebox.toml.swp", "glovebox-rules.txt",
        "glovebox-https.txt", "sysconf.txt", "extraconfig.txt", "globe.toml", "config.toml",
        "rules", "kernel8.img", "x" * 200, "",
    ]  # fmt: skip
    assert list(strays(names, READ)) == []
