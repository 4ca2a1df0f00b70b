# SPDX-License-Identifier: MIT
"""Rule sets, downloads and an engine that are played, for rounds of renewal."""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from appliance.formats.list_sources import ListSource
from appliance.ids import trial
from appliance.renewal.after_switch import EngineSeen
from appliance.renewal.candidate import SetGathering
from appliance.renewal.generations import Generations
from appliance.renewal.renew import Renewal
from appliance.renewal.set_trial import SetTrial
from appliance.renewal.set_verdicts import SetVerdicts
from appliance.reports.rules import RenewalReport
from appliance.ruleset.chosen_sets import ChosenSet
from appliance.ruleset.owner_rules import Gathered
from appliance.ruleset.set_places import SetPlaces
from appliance.settings import config
from tests.conftest import PROJECT

NOW = 1_795_777_200.0
GB = 1 << 30
SET = ListSource(
    "et-open", "https://rules.example/set.tar.gz", "A rule set", "https://rules.example/"
)


def rule(sid: int, rev: int = 1, more: str = "") -> str:
    """Return a rule of both engines."""
    return (
        f'alert tcp $EXTERNAL_NET any -> $HOME_NET any (msg:"a rule {sid}"; content:"bad{sid}";'
        f"{more} sid:{sid}; rev:{rev};)"
    )


def rules(count: int, first: int = 2_000_001, rev: int = 1) -> bytes:
    """Return a file of rules, with remarks, and one that is switched off."""
    lines = ["# a set", *(rule(first + number, rev) for number in range(count)), f"#{rule(1)}"]
    return "\n".join(lines).encode() + b"\n"


def packed(files: Mapping[str, bytes], mode: str = "w:gz") -> bytes:
    """Return a tar of these files, by default compressed."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


GOOD = packed({"rules/emerging-malware.rules": rules(100), "rules/LICENSE": b"free"})


def judged(made: trial.Trial, given: Gathered) -> trial.Settled:
    """Play an engine that refuses rules with the word BROKEN."""
    bad = [place for place, line in enumerate(given.lines) if "BROKEN" in line.text]
    kept = [place for place in range(len(given.lines)) if place not in bad]
    return trial.Settled(kept, dict.fromkeys(bad, "it does not understand it"), 1)


@dataclass
class PlayedEngine:
    """An engine that takes what is on trial; `habit` may be fine, dies, hangs, deaf, or fewer."""

    places: SetPlaces
    habit: str = "fine"
    live: bool = False
    tells_rules: bool = True
    clock: float = 0.0
    process: int = 7
    tested: bool = False
    restarts: list[str] = field(default_factory=list)
    since: float = 0.0

    def put_on_trial(self, name: str) -> None:
        self.places.trial.write_text(name or "none")
        self._anew(self.live)

    def end_trial(self, anew: bool) -> None:
        self.places.trial.unlink(missing_ok=True)
        if anew:
            self._anew(False)

    def _anew(self, live: bool) -> None:
        self.restarts.append(self.places.chosen())
        self.since, self.tested = self.clock, False
        self.process += not live

    def ask_selftest(self) -> None:
        self.tested = True

    def look(self) -> EngineSeen:
        age = self.clock - self.since
        on_trial = self.places.trial.exists()
        habit = self.habit if on_trial else "fine"
        if habit == "dies" and age > 20:
            return EngineSeen(self.clock, None)
        if habit == "hangs":
            return EngineSeen(self.clock, None)
        count = self._count() // (2 if habit == "fewer" else 1)
        passed = habit != "deaf" if self.tested and age > 10 else None
        return EngineSeen(
            self.clock, self.process, count, str(self.since), passed, "" if passed else "deaf"
        )

    def _count(self) -> int:
        folder = self.places.folder / (self.places.chosen() or "none")
        return sum(len(file.read_bytes().splitlines()) for file in folder.glob("*.rules"))

    def wait(self, seconds: float) -> None:
        self.clock += seconds


@dataclass
class Sensor:
    """A sensor with one chosen rule set, on a card of its own."""

    folder: Path
    engine: PlayedEngine = field(init=False)
    reports: list[RenewalReport] = field(default_factory=list)
    tries: Callable[..., trial.Settled] = judged
    memory: int = GB
    is_chosen: bool = True

    def __post_init__(self) -> None:
        for name in ("downloads", "suricata", "root", "laid"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.places = SetPlaces(self.folder / "suricata", self.folder / "on-trial")
        self.engine = PlayedEngine(self.places)

    def download(self, content: bytes, name: str = SET.name) -> None:
        (self.folder / "downloads" / name).write_bytes(content)

    @property
    def renewal(self) -> Renewal:
        place = self.folder / "suricata"
        settings = config.build({"ids": {"engine": "suricata"}})
        tried = SetTrial(
            settings, PROJECT / "config/suricata", self.folder / "root", self.folder / "laid",
            self.memory, judge=self.tries,
        )  # fmt: skip
        gathering = SetGathering(self.folder / "downloads", SetVerdicts(place), Generations(place))
        chosen = [ChosenSet(SET.name, True, SET)] if self.is_chosen else []
        return Renewal(
            "suricata", chosen, self.places, gathering, tried.run, self.engine,
            lambda: NOW + self.engine.clock, self.engine.wait, self.reports.append,
        )  # fmt: skip

    def round(self) -> RenewalReport:
        """Let a round pass; return how it stands then."""
        renewal = self.renewal
        renewal.round()
        return renewal.report()

    def in_force(self) -> list[int]:
        """Return the numbers of the rules that the engine has, sorted."""
        name = self.places.chosen()
        texts = [file.read_text() for file in (self.folder / "suricata" / name).glob("*.rules")]
        found = [int(sid) for text in texts for sid in re.findall(r"\bsid:(\d+);", text)]
        return sorted(found) if name else []
