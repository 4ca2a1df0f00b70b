# SPDX-License-Identifier: MIT
"""One round of renewal: from what was downloaded to rules in force, or to the reason why not.

Whatever comes in between, the link leads to a generation that stood its test: what is on trial is
named in memory alone.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from appliance import words
from appliance.errors import GloveboxError
from appliance.formats.list_sources import shown
from appliance.renewal import generations as kept
from appliance.renewal import set_policy
from appliance.renewal.after_switch import AfterSwitch, EngineSeen
from appliance.renewal.candidate import STAYS, Candidate, SetGathering
from appliance.renewal.generations import Generations
from appliance.renewal.set_reading import SetReading
from appliance.renewal.set_trial import TriedSets
from appliance.renewal.set_verdicts import SetVerdict, SetVerdictKind, SetVerdicts
from appliance.reports.rules import GenerationFacts, RenewalReport, RuleSetStanding, SetFacts
from appliance.ruleset.chosen_sets import ChosenSet
from appliance.ruleset.set_places import SetPlaces

LOOK_S, PATIENCE_S = 1.0, 30
CUT_SHORT = "its trial was cut short, twice"
NOT_FOR_IT = "there is nothing of it for this engine"

log = logging.getLogger(__name__)

Sets = Mapping[str, Mapping[str, bytes]]
Tries = Callable[[Sets], TriedSets]


class EngineDoor(Protocol):
    """What a round needs of the engine; see `engine_view.EngineView`."""

    @property
    def live(self) -> bool: ...
    @property
    def tells_rules(self) -> bool: ...

    def put_on_trial(self, name: str) -> None: ...
    def end_trial(self, anew: bool) -> None: ...
    def ask_selftest(self) -> None: ...
    def look(self) -> EngineSeen: ...


@dataclass
class Renewal:
    """All that a round works with. `wait` lets a second pass; `publish` tells how it stands."""

    engine_name: str
    chosen: Sequence[ChosenSet]
    places: SetPlaces
    gathering: SetGathering
    tries: Tries
    door: EngineDoor
    now: Callable[[], float]
    wait: Callable[[float], None]
    publish: Callable[[RenewalReport], None]
    doing: str = ""
    told: str = ""
    told_at: float = field(default=0.0)

    @property
    def generations(self) -> Generations:
        """The generations on DATA."""
        return self.gathering.generations

    @property
    def verdicts(self) -> SetVerdicts:
        """What was decided of downloads."""
        return self.gathering.verdicts

    def round(self) -> None:
        """Bring into force what can be. Raises OSError."""
        if self.places.trial.exists():
            self._tell("A trial of rules was cut short; those of before are in force.")
            self.door.end_trial(anew=True)
        force = self.generations.facts(self.places.in_force())
        candidate = self.gathering.gather(self.chosen, force)
        if candidate.differs(force):
            self._renew(candidate, force)
        self._do("")

    def go_back(self) -> None:
        """Let the other generation hold, as the owner wishes. Raises OSError."""
        force, other = self.report().force, self.report().other
        if other is None:
            return
        for each in force.sets if force else ():
            newest = self.gathering.digest(each.name)
            back = SetVerdict(newest, SetVerdictKind.BACK, "you went back to what was before")
            self.verdicts.note(each.name, back)
        self._switch(other, {})

    def agree(self, name: str, digest: str) -> None:
        """Take a download that waits, or was taken back, as it is. Raises OSError."""
        if self.gathering.digest(name) == digest:
            self.verdicts.note(name, SetVerdict(digest, SetVerdictKind.AGREED))

    def report(self) -> RenewalReport:
        """Return how everything stands."""
        return RenewalReport(
            self.now(), self.engine_name, tuple(map(self._standing, self.chosen)),
            tuple(self.generations.listed()), self.places.in_force(),
            self.doing, self.told, self.told_at,
        )  # fmt: skip

    def _standing(self, each: ChosenSet) -> RuleSetStanding:
        if each.source is None:
            name = shown(each.text)
            return RuleSetStanding(name, name, each.page, trouble=NOT_FOR_IT)
        name, title = each.source.name, each.source.title
        digest = self.gathering.digest(name)
        verdict = self.verdicts.of(name, digest) if digest else None
        if verdict is None or verdict.kind not in STAYS:
            return RuleSetStanding(name, title, each.page, digest)
        if verdict.kind is SetVerdictKind.REFUSED:
            return RuleSetStanding(name, title, each.page, digest, trouble=verdict.why)
        return RuleSetStanding(name, title, each.page, digest, held=verdict.why)

    def _renew(self, candidate: Candidate, force: GenerationFacts | None) -> None:
        if not candidate.sets:
            if force is not None:
                self._let_go()
            return
        self._do("the engine tries them")
        try:
            tried = self.tries(candidate.sets)
        except GloveboxError as error:
            self._refuse(candidate.new, str(error))
            return
        if held := self._held(candidate, tried, force):
            for name, why in held.items():
                digest = candidate.new.pop(name)
                self.verdicts.note(name, SetVerdict(digest, SetVerdictKind.HELD, why))
                self._tell(f"The set {name} waits for you: {why}.")
            again = self.gathering.gather(self.chosen, force)
            if again.differs(force):
                self._renew(again, force)
            return
        self._bring(candidate, tried, force)

    def _held(
        self, candidate: Candidate, tried: TriedSets, force: GenerationFacts | None
    ) -> Mapping[str, str]:
        before = {each.name: each.rules + each.beyond for each in force.sets} if force else {}
        found = {}
        for name, digest in candidate.new.items():
            verdict = self.verdicts.of(name, digest)
            if verdict is None or verdict.kind is not SetVerdictKind.AGREED:
                count = tried.kept[name] + tried.readings[name].beyond
                if why := set_policy.hold(before.get(name, 0), count):
                    found[name] = why
        return found

    def _bring(self, candidate: Candidate, tried: TriedSets, force: GenerationFacts | None) -> None:
        facts = self._facts(candidate, tried, force)
        if not facts.rules:
            self._refuse(candidate.new, "no rule of it can be used")
            return
        self.generations.write(tried.content, facts)
        if force is not None and facts.name == force.name:
            # The same rules in another download: nothing to switch.
            return
        self._switch(facts, candidate.new)

    def _facts(
        self, candidate: Candidate, tried: TriedSets, force: GenerationFacts | None
    ) -> GenerationFacts:
        now = self.now()
        before = {each.name: each for each in force.sets} if force else {}
        sets = []
        for name, reading in tried.readings.items():
            if name in candidate.kept and name in before:
                sets.append(dataclasses.replace(before[name], rules=tried.kept[name]))
            else:
                sets.append(_set_facts(name, candidate.new[name], tried.kept[name], now, reading))
        old = (
            [self.generations.read(force.name, f"{name}.rules") for name in before] if force else []
        )
        new = [text for name, text in tried.content.items() if name.endswith(".rules")]
        added, changed, removed = kept.difference(old, new)
        name = kept.name_of(tried.content)
        return GenerationFacts(name, now, tuple(sets), added, changed, removed)

    def _let_go(self) -> None:
        self.generations.switch("")
        self.door.end_trial(anew=True)
        self._tell("No rule set is chosen any more; the engine has its own rules and yours.")

    def _switch(self, facts: GenerationFacts, new: Mapping[str, str]) -> None:
        self._do("the engine takes them, and is watched for a minute")
        self._note_trial(new)
        before = self._before()
        self.door.put_on_trial(facts.name)
        expected = facts.rules if self.door.tells_rules else 0
        wrong = self._watched(AfterSwitch(before, self.door.live, expected))
        if wrong:
            self.door.end_trial(anew=True)
            self._refuse(new, wrong)
            self._tell(f"The new rules were taken back: {wrong}. Those of before are in force.")
            return
        self.generations.switch(facts.name)
        self.door.end_trial(anew=False)
        self.generations.forget(facts.name)
        for name, digest in new.items():
            self.verdicts.note(name, SetVerdict(digest, SetVerdictKind.FINE))
        self._tell(f"{words.counted(facts.rules, 'rule')} in force; {facts.change}.")

    def _note_trial(self, new: Mapping[str, str]) -> None:
        """Note what goes on trial: rules that take the machine down do so twice at most."""
        for name, digest in new.items():
            last = self.verdicts.of(name, digest)
            again = last is not None and last.kind is SetVerdictKind.ON_TRIAL
            kind = SetVerdictKind.REFUSED if again else SetVerdictKind.ON_TRIAL
            self.verdicts.note(name, SetVerdict(digest, kind, CUT_SHORT))

    def _before(self) -> EngineSeen:
        """Look at the engine; one that has only just started tells some seconds later of itself."""
        seen = self.door.look()
        for _ in range(PATIENCE_S if self.door.live else 0):
            if seen.reloaded:
                break
            self.wait(LOOK_S)
            seen = self.door.look()
        return seen

    def _watched(self, watch: AfterSwitch) -> str:
        """Look at the engine until it stood its test; return what is wrong, empty for nothing."""
        is_asked = False
        while True:
            self.wait(LOOK_S)
            said = watch.judge(self.door.look())
            if said is not None:
                return said
            if watch.up is not None and not is_asked:
                self.door.ask_selftest()
                is_asked = True
            self.publish(self.report())

    def _refuse(self, new: Mapping[str, str], why: str) -> None:
        for name, digest in new.items():
            self.verdicts.note(name, SetVerdict(digest, SetVerdictKind.REFUSED, why))
        self._tell(f"{words.listed([*new]) or 'They'} cannot be used: {why}.")

    def _do(self, what: str) -> None:
        self.doing = what
        self.publish(self.report())

    def _tell(self, what: str) -> None:
        self.told, self.told_at = what, self.now()
        log.warning("%s", what)
        self.publish(self.report())


def _set_facts(name: str, digest: str, rules: int, now: float, reading: SetReading) -> SetFacts:
    return SetFacts(
        name, digest, rules, now, reading.refused.total(),
        dict(reading.refused.most_common(8)), reading.beyond, tuple(reading.left_out_files[:50]),
    )  # fmt: skip
