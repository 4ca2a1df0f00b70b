# SPDX-License-Identifier: MIT
"""The locked engine: what it answers, and all that it refuses."""

from __future__ import annotations

import random
from ipaddress import ip_address
from pathlib import Path

import pytest

from appliance.questions import engine as module
from appliance.questions.answers import UnansweredError
from appliance.questions.engine import FlowEngine
from tests.unit.questions.kept import counted, keep, unhurried


@pytest.fixture
def kept(tmp_path: Path) -> list[Path]:
    keep(tmp_path)
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    return sorted(tmp_path.glob("*.parquet"))


@pytest.mark.slow
def test_sums_are_those_of_what_was_kept(tmp_path: Path) -> None:
    every = keep(tmp_path)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        found = engine.ask("SELECT count(*) AS flows, sum(bytes) AS bytes FROM flows")
    assert found.columns == ("flows", "bytes") and not found.cut
    assert found.rows == ((len(every), counted(every)),)


def test_without_files_the_answer_is_none() -> None:
    with unhurried([]) as engine:
        assert engine.ask("SELECT src, last FROM flows").rows == ()
        assert engine.ask("SELECT count(*) FROM flows").rows == ((0,),)


def test_absurd_counters_are_no_error(tmp_path: Path) -> None:
    every = keep(tmp_path, 1)
    with unhurried(sorted(tmp_path.glob("*.parquet"))) as engine:
        most = (1 << 64) - 1
        sql = f"SELECT CASE WHEN sampling > 1 THEN {most}::HUGEINT * 1048576 ELSE 0 END FROM flows"
        assert len(engine.ask(sql).rows) == len(every)


@pytest.mark.slow
def test_addresses_are_written_as_python_writes_them() -> None:
    chance = random.Random(7)
    values = [0, 1, 1 << 127, 0xFFFF << 32 | 0x01020304, (1 << 128) - 1]
    for _ in range(500):
        groups = [chance.choice([0, 0, 0, 1, 0xFFFF, chance.randrange(65_536)]) for _ in range(8)]
        values.append(sum(each << 16 * place for place, each in enumerate(groups)))
    with unhurried([]) as engine:
        for value in values:
            high, low = value >> 64, value & (1 << 64) - 1
            sql = f"SELECT address({high}::UBIGINT, {low}::UBIGINT)"
            found = engine.ask(sql).rows[0][0]
            if value == 0:
                assert found == ""
            elif value >> 32 == 0xFFFF:
                assert found == str(ip_address(value & 0xFFFFFFFF))
            else:
                assert found == ip_address(value.to_bytes(16)).compressed, hex(value)


REFUSED = (
    "SELECT * FROM read_csv('{folder}/secret.csv')",
    "SELECT * FROM '{folder}/secret.csv'",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM read_parquet('{folder}/other.parquet')",
    "SELECT * FROM read_json('https://example.com/x.json')",
    "COPY flows TO '{folder}/out.csv'",
    "COPY (SELECT 1) TO '{first}' (FORMAT parquet)",
    "ATTACH '{folder}/x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET memory_limit = '8GB'",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA threads = 8",
    "CREATE TABLE t AS SELECT 1",
    "EXPORT DATABASE '{folder}'",
    "CALL pragma_version()",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW flows",
    "EXPLAIN ANALYZE SELECT 1",
    "SELECT * FROM kept",
    "SELECT getenv('HOME')",
    "",
    "SELEC",
    "SELECT nothing FROM flows",
    "SELECT * FROM sqlite_scan('x', 'y')",
)


@pytest.mark.slow
@pytest.mark.parametrize("sql", REFUSED)
def test_what_is_refused(kept: list[Path], sql: str) -> None:
    before = {each: each.read_bytes() for each in kept[0].parent.iterdir()}
    asked = sql.format(folder=kept[0].parent, first=kept[0])
    with unhurried(kept) as engine, pytest.raises(UnansweredError) as refused:
        engine.ask(asked)
    assert str(refused.value) and "\n" not in str(refused.value)
    assert {each: each.read_bytes() for each in kept[0].parent.iterdir()} == before


@pytest.mark.slow
def test_variables_of_python_are_no_tables(kept: list[Path]) -> None:
    secret = {"a": [1, 2]}
    with unhurried(kept) as engine, pytest.raises(UnansweredError):
        engine.ask("SELECT * FROM secret")
    assert secret


@pytest.mark.slow
def test_time_is_bounded_and_the_refusal_says_what_helps(kept: list[Path]) -> None:
    said = r"more than 0\.2 s\. Ask for less"
    with FlowEngine(kept, seconds=0.2) as engine, pytest.raises(UnansweredError, match=said):
        engine.ask("SELECT count(*) FROM range(100000000000) a, range(1000000) b")


@pytest.mark.slow
def test_statements_share_their_time(kept: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([100.0, 109.0, 126.0])
    monkeypatch.setattr("appliance.questions.engine.time.monotonic", lambda: next(clock))
    with FlowEngine(kept, seconds=25.0) as engine:
        engine.ask("SELECT 1")
        engine.ask("SELECT 2")
        with pytest.raises(UnansweredError, match="more than 25 s"):
            engine.ask("SELECT 3")


@pytest.mark.slow
def test_memory_is_bounded_and_nothing_is_spilled(kept: list[Path]) -> None:
    with unhurried(kept) as engine, pytest.raises(UnansweredError, match="memory"):
        engine.ask("SELECT list(range) FROM (SELECT range FROM range(50000000))")
    assert not list(kept[0].parent.glob("*.tmp")) and not Path(".tmp").exists()


@pytest.mark.slow
def test_rows_and_bytes_are_bounded(kept: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    with unhurried(kept) as engine:
        found = engine.ask("SELECT range FROM range(100000)", most=500)
        assert len(found.rows) == 500 and found.cut
        monkeypatch.setattr(module, "MOST_BYTES", 10_000)
        found = engine.ask("SELECT repeat('x', 1000) FROM range(100)")
        assert len(found.rows) == 10 and found.cut


@pytest.mark.slow
def test_times_are_in_the_zone(kept: list[Path]) -> None:
    sql = "SELECT local(TIMESTAMP '2026-07-01 12:00:00')"
    with unhurried(kept, "Europe/Berlin") as engine:
        assert str(engine.ask(sql).rows[0][0]) == "2026-07-01 14:00:00"
    with unhurried(kept, "No/Where'; SELECT 1") as engine, pytest.raises(UnansweredError):
        engine.ask(sql)


def test_a_damaged_file_is_an_error_in_words(kept: list[Path]) -> None:
    kept[1].write_bytes(b"PAR1")
    with pytest.raises(UnansweredError), unhurried(kept) as engine:
        engine.ask("SELECT count(*) FROM flows")
