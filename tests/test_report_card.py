"""A report card as a notebook shows it: one row per check, reasons said once, words of others as text."""

from __future__ import annotations

from test_markup import read

from connectorkit.grading.checks import BY_NAME, CHECKS
from connectorkit.grading.marks import FAILED, NOT_JUDGED, PASSED, Mark, ReportCard

NO_VIEW = "no view into your receiver"
HOSTILE = "<img src=x onerror=alert(1)>"


def card(*marks: Mark) -> ReportCard:
    return ReportCard.of("https://receiver.example/", marks)


def test_each_check_has_a_row_with_what_came_of_it() -> None:
    shown = read(
        card(
            Mark(BY_NAME["accepts"], PASSED, "a text, signed", "200 after 0.001 s"),
            Mark(BY_NAME["forged"], FAILED, "another secret", "200 after 0.002 s", "no-verification"),
        )._repr_html_()
    ).text

    assert "answers 200 or 201a text, signed → 200 after 0.001 s" in shown
    assert "✗refuses a wrong signatureanother secret → 200 after 0.002 s" in shown
    assert "forged: no-verificationdefectA notification with a wrong signature is taken" in shown
    assert f"read{BY_NAME['forged'].section}" in shown
    assert "defectsno-verification" in shown


def test_one_reason_for_many_is_said_once() -> None:
    inside = [Mark(check, NOT_JUDGED, why=NO_VIEW) for check in CHECKS if check.inside]
    tls = Mark(BY_NAME["tls"], NOT_JUDGED, why="plain http")

    shown = read(card(tls, *inside)._repr_html_()).text

    assert len(inside) > 3
    assert shown.count(NO_VIEW) == 1
    assert shown.count("plain http") == 1
    assert shown.count("–") == len(inside) + 1


def test_what_a_receiver_says_is_shown_as_text() -> None:
    html = card(Mark(BY_NAME["accepts"], FAILED, "a text", HOSTILE, "refuses-valid"))._repr_html_()

    assert HOSTILE in read(html).text
    assert "<img" not in html
