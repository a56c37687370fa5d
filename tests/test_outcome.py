"""An outcome as it is shown: short, safe and clear, whatever a server said."""

from __future__ import annotations

import pytest
from test_markup import HOSTILE, read

from connectorkit import frames
from connectorkit.catalogue import BY_NAME, in_words
from connectorkit.scenarios import Check, Outcome
from connectorkit.scenarios.comparing import same

SCENARIO = BY_NAME["missing-id"]


def outcome_with(text: str) -> Outcome:
    """A surprise: the answer was this text."""
    observed = in_words(502, text)
    checks = (Check("status", "400", "502", ok=False), same("body", {}, text))
    return Outcome(SCENARIO, expected=SCENARIO.expected, observed=observed, checks=checks, attempts=1)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_a_server_said_is_shown_as_text(hostile: str) -> None:
    page = read(outcome_with(hostile)._repr_html_())

    assert hostile in page.text


def test_a_page_of_a_stranger_is_cut_and_stays_on_one_line() -> None:
    outcome = outcome_with("<html>\n" + "<p>very long</p>\n" * 10_000)

    assert len(outcome.observed) < 320
    assert outcome.observed.endswith("…")
    assert "\n" not in repr(outcome)
    assert len(repr(outcome)) < 1200
    assert len(frames.outcomes([outcome])["observed"].iloc[0]) < 320


def test_what_is_as_expected_is_said_once() -> None:
    checks = (Check("status", "400", "400", ok=True),)
    good = Outcome(SCENARIO, expected="400 · no id", observed="400 · no id", checks=checks, attempts=1)

    assert repr(good) == "<Outcome missing-id: as expected; 400 · no id>"


def test_a_surprise_says_both() -> None:
    assert repr(outcome_with("Bad Gateway")) == (
        "<Outcome missing-id: a surprise; expected 400 · Bad Request, id is missing, "
        "observed 502 · Bad Gateway; status is 502, not 400; body is Bad Gateway, not {}>"
    )


def test_what_was_not_run_says_why() -> None:
    skipped = Outcome(SCENARIO, not_run="needs a fault of the sandbox")

    assert "missing-id: needs a fault of the sandbox; expected 400 · Bad Request" in repr(skipped)
    assert "needs a fault of the sandbox" in read(skipped._repr_html_()).text
