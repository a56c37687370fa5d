"""One text of the sandbox is changed: exactly the scenarios that show it must be surprised.

``SCENARIO_TEXTS=all`` tries every text; otherwise a few are.
"""

from __future__ import annotations

import os

import pytest

from connectorkit.scenarios import BY_NAME
from tests.mutants.planted import planted
from tests.mutants.texts import NOT_SHOWN, PACKAGE, TEXTS, Text, literals, texts_of
from tests.scenario_bench import scenarios_of

# One of each kind: an exact text of the documents, one that many places share,
# and one that is no JSON.
_A_FEW = ("Brand Id is missing", " must be one of ", "401 Unauthorized")
CHOSEN = (
    TEXTS
    if os.environ.get("SCENARIO_TEXTS") == "all"
    else tuple(text for text in TEXTS if text.words.startswith(_A_FEW))
)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.defect.name)
def test_a_text_stands_once_in_its_file_and_some_scenario_shows_it(text: Text) -> None:
    assert (PACKAGE / text.file).read_text(encoding="utf-8").count(text.source) == 1
    assert text.source.count(text.words) == 1
    assert text.shown_by <= set(BY_NAME)
    assert text.shown_by


def test_every_text_that_a_scenario_shows_is_in_the_list() -> None:
    known = {name: [text.span for text in TEXTS if text.file == name] for name, _, _ in literals()}
    forgotten = [
        (name, words)
        for name, words, span in literals()
        if len(words.strip()) > 2
        and any(words in shown for scenario in BY_NAME.values() for shown in texts_of(scenario))
        and not any(one.start < span.stop and span.start < one.stop for one in known[name])
        and (name, words) not in NOT_SHOWN
    ]

    assert forgotten == []


@pytest.mark.parametrize("text", CHOSEN, ids=lambda text: text.defect.name)
def test_changing_one_text_turns_exactly_the_scenarios_red_that_show_it(text: Text) -> None:
    with planted(text.defect) as copy, copy.sandbox() as ready, scenarios_of(ready) as scenarios:
        outcomes = scenarios.play_all()

    assert [outcome.not_run for outcome in outcomes if outcome.not_run] == []
    assert {o.scenario.name for o in outcomes if not o.as_expected} == text.shown_by
    # And only for their texts: the status is what it was.
    statuses = [check for o in outcomes for check in o.differences if check.what in ("status", "failure")]
    assert statuses == []
