"""Outcomes as JUnit XML, the form of test reports that CI systems read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from connectorkit.scenarios.outcome import Outcome

SUITE = "connectorkit scenarios"
# What XML 1.0 has no place for, escaped or not.
_IMPOSSIBLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_junit(outcomes: Sequence[Outcome], path: Path, target: str, began: datetime | None = None) -> None:
    """Write the report, one test case per scenario; folders are made as needed. Raises ``OSError``.

    ``target`` is what was spoken to, ``began`` when; a surprise is a failure, what could not be prepared
    is an error.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    tree = ElementTree.ElementTree(junit(outcomes, target, began))
    ElementTree.indent(tree)
    tree.write(path, encoding="utf-8", xml_declaration=True)


def junit(
    outcomes: Sequence[Outcome], target: str, began: datetime | None = None
) -> ElementTree.Element[str]:
    """The report as an element."""
    cases = [_case(outcome) for outcome in outcomes]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    attributes = {
        "name": SUITE,
        **{name: str(count) for name, count in counts.items()},
        "time": _seconds(sum(outcome.duration_ms for outcome in outcomes)),
    }
    root = ElementTree.Element("testsuites", attributes)
    moment = (began or datetime.now(UTC)).isoformat(timespec="seconds")
    suite = ElementTree.SubElement(root, "testsuite", attributes | {"timestamp": moment})
    properties = ElementTree.SubElement(suite, "properties")
    ElementTree.SubElement(properties, "property", {"name": "target", "value": _possible(target)})
    suite.extend(cases)
    return root


def _case(outcome: Outcome) -> ElementTree.Element[str]:
    scenario = outcome.scenario
    case = ElementTree.Element(
        "testcase",
        {
            "classname": f"scenarios.{scenario.topic.replace(' ', '-')}",
            "name": scenario.name,
            "time": _seconds(outcome.duration_ms),
        },
    )
    if outcome.not_run:
        ElementTree.SubElement(case, "skipped", {"message": _possible(outcome.not_run)})
    elif not outcome.as_expected:
        kind = "failure" if outcome.exchange is not None and outcome.attempts else "error"
        found = ElementTree.SubElement(case, kind, {"message": _possible(outcome.differs)})
        found.text = _possible(_details(outcome))
    return case


def _details(outcome: Outcome) -> str:
    lines = [
        ("shows", outcome.scenario.shows),
        ("expected", outcome.expected),
        ("observed", outcome.observed),
        *((f"  {check.what}", f"{check.observed}, not {check.expected}") for check in outcome.differences),
        ("next step", outcome.advice),
        ("source", outcome.scenario.source),
        ("exchange", str(outcome.exchange.exchange_id) if outcome.exchange is not None else ""),
    ]
    return "\n".join(f"{name}: {text}" for name, text in lines if text)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3f}"


def _possible(text: str) -> str:
    return _IMPOSSIBLE.sub("\N{REPLACEMENT CHARACTER}", text)
