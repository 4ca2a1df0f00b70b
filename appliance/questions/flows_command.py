# SPDX-License-Identifier: MIT
"""`glovebox flows WORD`: questions about the flows that were collected.

Both halves of a question stand in one command, `filter … top …`: no flow travels as text.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from appliance.errors import InputError
from appliance.flowstore import stored_files
from appliance.flowstore.stored_files import FOLDER
from appliance.questions import address_sets, flow_files, printed, sources
from appliance.questions.address_sets import SetColumns
from appliance.questions.conditions import SWITCHES
from appliance.questions.engine import SECONDS, FlowEngine
from appliance.questions.fields import field_of, fields_of
from appliance.questions.question import SHOWN, VALUES, FlowPeriod, Question

ENDS = ("top", "cut", "count")
# Nobody else waits for a command: its three statements have as long as one has on the page, each.
PATIENCE_S = 3 * SECONDS
DESCRIPTION = """\
Ask about the flows that are kept one by one, in the manner of SiLK:

  glovebox flows filter --start-date=2026/11/01 --proto=6 --dport=22
  glovebox flows filter --start-date=2026/11/01 top --fields=sip,dport --values=bytes --count=5
  glovebox flows filter --daddress=203.0.113.0/24 cut --fields=1-5,9
  glovebox flows filter --aport=53 count --bin-size=3600
  glovebox flows set build FILE | cat FILE | member FILE ADDRESS
  glovebox flows export --start-date=2026/11/01 --format=csv|nfdump --to=FILE
  glovebox flows export --start-date=2026/11/01 --format=parquet --to=FOLDER
  glovebox flows check

Without any of these words it is the collector: glovebox flows --help."""


def main(argv: Sequence[str]) -> int:
    """Answer the question that the words ask. Raises InputError, UnansweredError."""
    words = list(argv)
    known: Mapping[str, Callable[[list[str]], int]] = {
        "filter": _filter, "set": _set, "export": _export, "check": _check,
        **{end: lambda rest, end=end: _filter([end, *rest]) for end in ENDS},  # type: ignore[misc]
    }  # fmt: skip
    if words[0] not in known:
        raise InputError(f"no word {words[0][:30]!r}: expected {', '.join(known)}")
    return known[words[0]](words[1:])


def _filter(words: list[str]) -> int:
    """Answer `filter SWITCHES [top|cut|count OPTIONS]`."""
    place = next((at for at, word in enumerate(words) if word in ENDS), len(words))
    end = words[place] if place < len(words) else "cut"
    parser = _parser(end)
    arguments = parser.parse_args([*words[:place], *words[place + 1 :]])
    sets, question = _question(arguments)
    with _engine(arguments, question, sets) as engine:
        _print(_LINES[end](engine, question, arguments))
    return 0


def _parser(end: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="glovebox flows filter", description=DESCRIPTION, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--folder", type=Path, default=FOLDER, help="files of flows (%(default)s)")
    add("--start-date", default="", metavar="Y/M/D[:H]", help="from this day or hour on")
    add("--end-date", default="", metavar="Y/M/D[:H]", help="to this one's end")
    add("--zone", default="UTC", help="time zone of these and of what is printed (%(default)s)")
    for each in SWITCHES.values():
        add(f"--{each.name}", help=each.help)
    if end == "top":
        add("--fields", default="sip", help="up to three (%(default)s)")
        add("--values", default="bytes", choices=list(VALUES), help="what is added up")
        add("--count", type=int, default=10, help="how many bins (%(default)s)")
        add("--minimum", type=int, default=0, help="leave out bins with less")
        add("--bottom", action="store_true", help="those with the least")
    elif end == "cut":
        add("--fields", default=",".join(SHOWN), help="what is printed of each (%(default)s)")
        add("--num-recs", type=int, default=10_000, dest="count", help="how many flows")
    elif end == "export":
        add("--fields", default=",".join(SHOWN), help="the columns of CSV (%(default)s)")
        add("--akvorado", action="store_true", help="CSV with the columns that Akvorado has")
        add("--format", choices=("parquet", "csv", "nfdump"), default="csv")
        add("--to", type=Path, required=True, help="a folder for parquet, or a file")
    else:
        add("--bin-size", type=int, default=3600, help="seconds (%(default)s)")
    return parser


def _question(arguments: argparse.Namespace) -> tuple[dict[str, SetColumns], Question]:
    """Return the question that the words ask, and the sets that it rests on."""
    found = {name: getattr(arguments, name.replace("-", "_")) for name in SWITCHES}
    sets: dict[str, SetColumns] = {}
    tables: list[tuple[str, str]] = []
    for name, text in found.items():
        if text is not None and SWITCHES[name].is_set:
            columns = address_sets.columns(address_sets.read(Path(text)))
            sets[name] = columns
            lengths = ",".join(str(bits) for bits in sorted(set(columns.bits.tolist())))
            tables.append((name, f"{name}:{lengths}"))
    return sets, Question(
        FlowPeriod(arguments.start_date, arguments.end_date, arguments.zone),
        tuple((name, text) for name, text in found.items() if text is not None),
        fields_of(getattr(arguments, "fields", "sip")),
        getattr(arguments, "values", "bytes"),
        getattr(arguments, "minimum", 0),
        getattr(arguments, "count", 10),
        getattr(arguments, "bottom", False),
        tuple(tables),
    )


def _engine(
    arguments: argparse.Namespace, question: Question, sets: Mapping[str, SetColumns]
) -> FlowEngine:
    found = sources.find(*question.period.bounds(), arguments.folder)
    if found.remark():
        print(f"glovebox flows: {found.remark()}", file=sys.stderr)
    return FlowEngine(found.files, question.period.zone, sets, PATIENCE_S)


def _top(engine: FlowEngine, question: Question, _: argparse.Namespace) -> Iterator[str]:
    statements = question.top_sql(), question.totals_sql(), question.bins_sql()
    answers = [engine.ask(each) for each in statements]
    return printed.ranked(printed.ranking(question, answers))


def _cut(engine: FlowEngine, question: Question, _: argparse.Namespace) -> Iterator[str]:
    return printed.columns(question.fields, engine.ask(question.cut_sql()).rows)


def _count(engine: FlowEngine, question: Question, arguments: argparse.Namespace) -> Iterator[str]:
    return printed.counted(engine.ask(question.count_sql(arguments.bin_size)).rows)


_LINES: Mapping[str, Callable[[FlowEngine, Question, argparse.Namespace], Iterator[str]]] = {
    "top": _top, "cut": _cut, "count": _count,
}  # fmt: skip


def _print(lines: Iterator[str]) -> None:
    for each in lines:
        print(each)


def _set(words: list[str]) -> int:
    """Answer `set build|cat|member`; `member` ends with 1 where the address is not in it."""
    parser = argparse.ArgumentParser(prog="glovebox flows set")
    parser.add_argument("what", choices=("build", "cat", "member"))
    parser.add_argument("file", type=Path)
    parser.add_argument("address", nargs="?", default="")
    arguments = parser.parse_args(words)
    if arguments.what == "build":
        found = address_sets.parse(sys.stdin, "standard input")
        arguments.file.write_text("".join(f"{each}\n" for each in found), encoding="ascii")
        return 0
    networks = address_sets.read(arguments.file)
    if arguments.what == "cat":
        _print(map(str, networks))
        return 0
    wanted = address_sets.parse([arguments.address], "the address")
    return 0 if wanted and any(_holds(each, wanted[0]) for each in networks) else 1


def _holds(network: address_sets.Network, wanted: address_sets.Network) -> bool:
    return network.version == wanted.version and wanted.subnet_of(network)  # type: ignore[arg-type]


def _export(words: list[str]) -> int:
    """Answer `export`: whole files as they are, or the flows of a question as CSV or nfdump's."""
    parser = _parser("export")
    parser.prog = "glovebox flows export"
    arguments = parser.parse_args(words)
    sets, question = _question(arguments)
    if arguments.format == "parquet":
        return _copy(sources.find(*question.period.bounds(), arguments.folder).files, arguments.to)
    with _engine(arguments, question, sets) as engine:
        if arguments.format == "nfdump":
            count = flow_files.write_nfdump(engine, question, arguments.to)
        else:
            count = flow_files.write_csv(engine, question, arguments.to, arguments.akvorado)
    print(f"{count} flows to {arguments.to}")
    return 0


def _copy(files: Sequence[Path], folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for each in files:
        shutil.copyfile(each, folder / each.name)
    print(f"{len(files)} files to {folder}")
    return 0


def _check(words: list[str]) -> int:
    """Answer `check`: read every file and compare its checksum; 1 where one is damaged."""
    parser = argparse.ArgumentParser(prog="glovebox flows check")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    folder = parser.parse_args(words).folder
    try:
        found = stored_files.in_force(stored_files.listing(folder))
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from error
    damaged = [each for each in found if not stored_files.is_whole(each)]
    for each in damaged:
        print(f"damaged: {each.path.name}")
    rows = sum(each.rows for each in found if each not in damaged)
    print(f"{len(found) - len(damaged)} files are whole, with {rows} flows")
    return 1 if damaged else 0


assert all(field_of(each) for each in SHOWN)
