# SPDX-License-Identifier: MIT
"""What routers answered comes back, the newest question first."""

from __future__ import annotations

from pathlib import Path

from appliance.reports.answers import AnswersReport, RouterAnswer

OLD = RouterAnswer("attic", "/old print", 1.0, ("x",), False)
NEW = RouterAnswer("home", "/new print", 2.0, ("y", "z"), True)
REPORT = AnswersReport((OLD, NEW))


def test_the_report_comes_back(tmp_path: Path) -> None:
    REPORT.publish(tmp_path)
    assert AnswersReport.read(tmp_path) == REPORT


def test_answers_to_one_question_stand_together() -> None:
    shed = RouterAnswer("shed", "/new print", 2.5, (), False)
    found = AnswersReport((OLD, NEW, shed)).together()
    assert found == [("/new print", (NEW, shed)), ("/old print", (OLD,))]
