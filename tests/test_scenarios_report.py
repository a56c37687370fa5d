"""The JUnit report, read back as a CI system would."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connectorkit.catalogue import BY_NAME
from connectorkit.errors import NoAnswerError
from connectorkit.log import Exchange
from connectorkit.scenarios import Check, Outcome
from connectorkit.scenarios.report import write_junit

SCENARIO = BY_NAME["missing-app-jwt"]
BEGAN = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
GOOD = Check("status", "401", "401", ok=True)


def outcome(*checks: Check, **facts: Any) -> Outcome:
    exchange = Exchange("send", "POST", "https://msg.example", exchange_id=17)
    given = dict(exchange=exchange, expected="401", observed="500", attempts=1, duration_ms=20.0)
    return Outcome(SCENARIO, checks=checks, **given | facts)


def surprise(said: str = "500") -> Outcome:
    return outcome(GOOD, Check("body.title", "AppJWT is missing", said, ok=False))


def report(tmp_path: Path, *outcomes: Outcome, target: str = "the sandbox") -> ElementTree.Element[str]:
    path = tmp_path / "made" / "report.xml"
    write_junit(outcomes, path, target, BEGAN)
    return ElementTree.parse(path).getroot()


SKIPPED = Outcome(SCENARIO, not_run="needs a fault of the sandbox")
BROKEN = Outcome.of_failure(SCENARIO, "preparation", NoAnswerError("Nobody there."))


def test_counts_stand_in_the_suite_and_above_it(tmp_path: Path) -> None:
    root = report(tmp_path, outcome(GOOD), outcome(GOOD), surprise(), SKIPPED, BROKEN)

    counts = {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    (suite,) = root.findall("testsuite")
    for element in (root, suite):
        assert {name: element.get(name) for name in counts} == counts
        assert element.get("time") == "0.060"
    assert root.tag == "testsuites"
    assert suite.get("name") == "connectorkit scenarios"
    assert suite.get("timestamp") == "2026-11-24T03:00:00+00:00"


def test_a_case_is_named_by_topic_and_scenario(tmp_path: Path) -> None:
    (case,) = report(tmp_path, outcome(GOOD)).iter("testcase")

    assert case.attrib == {"classname": "scenarios.door", "name": "missing-app-jwt", "time": "0.020"}
    assert list(case) == []


def test_a_surprise_is_a_failure_that_says_what_differs(tmp_path: Path) -> None:
    (failure,) = report(tmp_path, surprise()).iter("failure")

    assert failure.get("message") == "body.title is 500, not AppJWT is missing"
    assert failure.text is not None
    lines = failure.text.splitlines()
    assert "expected: 401" in lines
    assert "observed: 500" in lines
    assert "  body.title: 500, not AppJWT is missing" in lines
    assert "exchange: 17" in lines
    assert "source: S12, R8" in lines


def test_what_was_not_run_is_skipped_with_the_reason(tmp_path: Path) -> None:
    (skipped,) = report(tmp_path, SKIPPED).iter("skipped")

    assert skipped.get("message") == "needs a fault of the sandbox"


def test_what_could_not_be_prepared_is_an_error(tmp_path: Path) -> None:
    (error,) = report(tmp_path, BROKEN).iter("error")

    assert error.get("message") == "preparation is NoAnswerError: Nobody there., not done"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("<b> & \"quoted\" 'text'", "<b> & \"quoted\" 'text'"),
        ("Grüße 🚀", "Grüße 🚀"),
        ("]]>", "]]>"),
        ("nul \0 bell \a end \x7f", "nul � bell � end \x7f"),
        ("half \ud83d of it", "half � of it"),
        ("\ufffe\uffff", "��"),
    ],
)
def test_whatever_a_server_says_can_be_read_back(tmp_path: Path, said: str, read: str) -> None:
    root = report(tmp_path, surprise(said), target=f"the account {said}")

    (failure,) = root.iter("failure")
    assert failure.get("message") == f"body.title is {read}, not AppJWT is missing"
    assert f"body.title: {read}, not" in str(failure.text)
    (target,) = root.iter("property")
    assert target.attrib == {"name": "target", "value": f"the account {read}"}


def test_an_empty_run_is_a_report_too(tmp_path: Path) -> None:
    assert report(tmp_path).get("tests") == "0"
