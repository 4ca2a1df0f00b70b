# SPDX-License-Identifier: MIT
"""What `flows export` writes, read back by a real ClickHouse, in an environment of its own."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli import main
from appliance.flows.records import Flows
from tests.conftest import PROJECT, missing
from tests.unit.flowstore.rows import MIDNIGHT
from tests.unit.questions.kept import counted, keep

pytestmark = [pytest.mark.long, pytest.mark.timeout(1200)]

VERSION = "26.9.0"
# Half a gigabyte: too much for those who do not ask for it.
OWN = PROJECT / "build" / f"chdb-{VERSION}"
DAY = "2026/11/30"
ASK = "import sys, chdb; sys.stdout.write(str(chdb.query(sys.argv[1], 'CSVWithNames')))"
NUMBERS = ("src_hi", "src_lo", "dst_hi", "dst_lo", "sport", "dport", "proto", "bytes", "packets",
           "flags", "duration")  # fmt: skip


@pytest.fixture(scope="module")
def python() -> Path:
    """Return the Python that has the engine; it is installed once."""
    whole = OWN / "whole"
    if not whole.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(OWN)], check=True)
        pip = [str(OWN / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
        if subprocess.run([*pip, "--no-deps", f"chdb-core=={VERSION}"]).returncode:
            missing(f"no ClickHouse: pip cannot install chdb-core {VERSION}")
        whole.touch()
    return OWN / "bin/python"


@pytest.fixture
def kept(tmp_path: Path) -> Flows:
    (tmp_path / "kept").mkdir()
    return keep(tmp_path / "kept")


def ask(python: Path, folder: Path, question: str) -> list[dict[str, str]]:
    done = subprocess.run([python, "-I", "-c", ASK, question], cwd=folder, check=True,
                          capture_output=True, text=True)  # fmt: skip
    return list(csv.DictReader(io.StringIO(done.stdout)))


def export(tmp_path: Path, *words: str) -> None:
    kept = str(tmp_path / "kept")
    assert main(["flows", "export", f"--start-date={DAY}", "--folder", kept, *words]) == 0


def test_parquet_holds_every_flow(python: Path, kept: Flows, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(tmp_path, "--format=parquet", "--to", str(out))
    sums = ", ".join(f"sum(toUInt128({each})) AS {each}" for each in NUMBERS)
    (found,) = ask(python, out, "SELECT count() AS count, toUnixTimestamp64Milli(min(first)) AS "
                   f"first, {sums} FROM file('*.parquet', Parquet)")  # fmt: skip
    assert int(found["count"]) == len(kept) > 0
    assert int(found["first"]) == int(kept["first"].min()) >= MIDNIGHT
    for each in NUMBERS[:-1]:
        assert int(found[each]) == sum(map(int, kept[each])), each
    assert int(found["duration"]) == int((kept["last"] - kept["first"]).sum())


def test_totals_by_way_are_those_of_the_flows(python: Path, kept: Flows, tmp_path: Path) -> None:
    export(tmp_path, "--format=parquet", "--to", str(tmp_path / "out"))
    found = ask(python, tmp_path / "out", "SELECT toString(way) AS way, count() AS flows, "
                "sum(bytes * greatest(sampling, 1)) AS bytes "
                "FROM file('*.parquet', Parquet) GROUP BY way ORDER BY way")  # fmt: skip
    ways = {"in": 1, "out": 2, "inside": 3}
    assert {each["way"] for each in found} == set(ways)
    for each in found:
        mine = kept[kept["way"] == ways[each["way"]]]
        assert (int(each["flows"]), int(each["bytes"])) == (len(mine), counted(mine))


def test_csv_has_akvorados_columns_in_its_types(python: Path, kept: Flows, tmp_path: Path) -> None:
    """Cast to the types that Akvorado's own table has; a value that does not fit ends the query."""
    export(tmp_path, "--akvorado", "--to", str(tmp_path / "flows.csv"))
    (found,) = ask(python, tmp_path, "SELECT count() AS count, uniqExact(toIPv6(SrcAddr)) AS "
                   "sources, sum(toUInt64(Bytes) * toUInt64(SamplingRate)) AS bytes, "
                   "max(toUInt16(DstPort)) AS port, max(toUInt8(Proto)) AS proto, "
                   "countIf(length(SrcCountry) NOT IN (0, 2)) AS odd "
                   "FROM file('flows.csv', CSVWithNames)")  # fmt: skip
    assert int(found["count"]) == len(kept) and int(found["odd"]) == 0
    assert int(found["bytes"]) == counted(kept)
    assert int(found["port"]) == int(kept["dport"].max())
