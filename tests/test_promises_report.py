"""The exported ledger: what is in it, and that what a server said stays text."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from connectorkit.promises import BY_ID, Outcome, report
from connectorkit.scenarios import Check
from tests.hostile import TEXTS

TARGET = "account 12345678"


def outcome(promise_id: str, *, ok: bool = True, observed: str = "401", **facts: Any) -> Outcome:
    checks = () if facts else (Check("status", "401", observed, ok),)
    return Outcome(BY_ID[promise_id], TARGET, "401", observed, checks, **facts)


KEPT, BROKEN = outcome("S12"), outcome("S13", ok=False, observed="200")
SKIPPED = outcome("S9", observed="", not_run="needs the sandbox's clock")
UNCLEAR = outcome("S36", observed="", not_observed="opening was answered 503")
TOLD = outcome("X1", informative=True, reading=BY_ID["X1"].readings[1])
NEITHER = outcome("X1", observed="errorCode: 40199", informative=True)
ALL_KINDS = (KEPT, BROKEN, SKIPPED, UNCLEAR, TOLD)


def written(folder: Path, suffix: str, *outcomes: Outcome, target: str = TARGET) -> str:
    path = folder / f"ledger{suffix}"
    report.write(outcomes, path, target)
    return path.read_bytes().decode()


@pytest.mark.parametrize(
    ("outcomes", "well"),
    [
        ((KEPT,), True),
        ((KEPT, SKIPPED), True),
        ((KEPT, TOLD), True),
        ((TOLD,), True),
        ((KEPT, BROKEN), False),
        ((KEPT, UNCLEAR), False),
        ((SKIPPED,), False),
        ((), False),
    ],
)
def test_all_is_well_when_what_was_checked_is_kept(outcomes: tuple[Outcome, ...], well: bool) -> None:
    assert report.all_well(outcomes) is well


def test_json_holds_all_of_it(tmp_path: Path) -> None:
    told = json.loads(written(tmp_path, ".json", *ALL_KINDS))

    states = ["kept", "broken", "not run", "not observed", "informs"]
    assert (told["ok"], told["target"], told["summary"]) == (False, TARGET, dict.fromkeys(states, 1))
    assert [row["state"] for row in told["promises"]] == states
    assert [row["kept"] for row in told["promises"]] == [True, False, None, None, None]
    assert told["promises"][1]["differs"] == "status is 200, not 401"


def test_csv_is_a_table(tmp_path: Path) -> None:
    rows = list(csv.DictReader(written(tmp_path, ".csv", *ALL_KINDS).splitlines()))

    assert [row["promise"] for row in rows] == ["S12", "S13", "S9", "S36", "X1"]
    assert rows[3]["not_run"] == "not observed: opening was answered 503"
    assert rows[4]["reading"] == "the sample beside it: 40104"
    assert rows[4]["readings"].startswith("the table of errors: 40105, and")
    assert rows[4]["readings"].endswith(" | the sample beside it: 40104")
    assert rows[4]["ruling"] == "the table"


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_no_text_becomes_a_formula_in_a_spreadsheet(start: str, tmp_path: Path) -> None:
    text = written(tmp_path, ".csv", outcome("S12", observed=f'{start}cmd|"calc"'))

    (row,) = csv.DictReader(text.splitlines())
    assert row["observed"] == f'\'{start}cmd|"calc"'


def test_markdown_has_a_table_for_each_topic(tmp_path: Path) -> None:
    lines = written(tmp_path, ".md", *ALL_KINDS).splitlines()

    assert lines[2].endswith("1 kept, 1 broken, 1 not run, 1 not observed, 1 told which reading is true.")
    assert "## API overview: 1 kept, 1 broken, 1 not run, 1 not observed" in lines
    assert [line for line in lines if line.startswith("| S")] == [
        "| S12 | ✓ | A missing AppJWT is answered 401. | S | 8.1 | 401 | as expected |",
        "| S13 | ✗ | An invalid AppJWT is answered 401. | S | 8.1 | 401 | 200 |",
        "| S9 | – | The AppJWT expires after 60 minutes. | S | 3.3 | 401 "
        "| not run: needs the sandbox's clock |",
        "| S36 | ? | sequence counts sends of the same request: 0, 2, 4. | S | 7.4, R4 | 401 "
        "| not observed: opening was answered 503 |",
    ]


def test_a_contradiction_has_a_row_for_each_reading(tmp_path: Path) -> None:
    lines = written(tmp_path, ".md", TOLD).splitlines()

    assert lines[lines.index("## Contradictions: 1 told which reading is true") :][4:] == [
        "| X1 | i | Which number has a missing AppJWT? | 8.2, R8 |  | the table of errors "
        "| 40105, and 40104 is the missing ConsumerJWS | errorCode: 40105 |",
        "|  |  |  |  | seen | the sample beside it | 40104 | errorCode: 40104 |",
        "|  |  |  |  |  | the ruling | the table |  |",
    ]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (NEITHER, "| seen |  | neither reading | errorCode: 40199 |"),
        (outcome("X1", observed="", not_run="it is late"), "| – |  | not run: it is late |  |"),
        (outcome("X1", observed="", not_observed="it broke"), "| – |  | not observed: it broke |  |"),
    ],
)
def test_what_is_no_reading_is_told_below_them(seen: Outcome, said: str, tmp_path: Path) -> None:
    lines = written(tmp_path, ".md", seen).splitlines()

    assert lines[-2].endswith(said)
    assert not [line for line in lines[:-2] if "| seen |" in line]


def test_html_has_a_heading_for_each_topic(tmp_path: Path) -> None:
    page = written(tmp_path, ".html", KEPT, TOLD)

    assert (
        page.index("API overview: 1 kept</h2>") < page.index(">S12<") < page.index(">Contradictions: 1 told")
    )
    assert page.index(">the table of errors<") < page.index(">seen<") < page.index(">the sample beside it<")


def test_what_a_server_said_forms_no_markdown(tmp_path: Path) -> None:
    text = written(tmp_path, ".md", outcome("S12", observed="a | b\n<img src=x> [x](http://x) `c`"))

    (row,) = (line for line in text.splitlines() if line.startswith("| S12"))
    assert r"a \| b \<img src=x\> \[x\](http://x) \`c\`" in row


@pytest.mark.parametrize("hostile", TEXTS.values(), ids=list(TEXTS))
def test_what_a_server_said_is_escaped_in_html(hostile: str, tmp_path: Path) -> None:
    page = written(tmp_path, ".html", outcome("S12", observed=hostile), target=hostile)

    assert "<script" not in page
    assert "<img" not in page
    assert "Content-Security-Policy" in page


def test_another_suffix_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ledger.txt ends with none of .json, .csv, .md, .html"):
        report.write([KEPT], Path("ledger.txt"), TARGET)
