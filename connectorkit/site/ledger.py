"""The pages of the ledger of promises, from its data and from what the sandbox did when they were made."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from connectorkit.promises import MARKS, TOPICS, Outcome
from connectorkit.promises.model import in_words
from connectorkit.site.writing import plain, slug, table, within

FOLDER = "promises"
_DENSE = "ck-dense"  # in smaller letters: a row holds a sentence and what was seen of it
_SIGNS = {"kept": "✓", "broken": "✗", "informs": "i", "not observed": "?", "not run": "–"}


def pages(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Pages by their path below the sources, without suffix."""
    made = {f"{FOLDER}/index": _index(outcomes)}
    for topic in TOPICS:
        here = [one for one in outcomes if one.promise.topic == topic]
        made[f"{FOLDER}/{slug(topic)}"] = _page(topic, here)
    return made


def _index(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for topic in TOPICS:
        here = [one for one in outcomes if one.promise.topic == topic]
        kept = sum(one.state == "kept" for one in here)
        rows.append([f"[{plain(_title(topic))}]({slug(topic)}.md)", str(len(here)), str(kept)])
    marks = "\n".join(f"{mark}\n: {plain(whose)}\n" for mark, whose in MARKS.items())
    contents = "\n".join(slug(topic) for topic in TOPICS)
    kept = sum(one.state == "kept" for one in outcomes)
    return "\n\n".join(
        (
            "# Promises ledger",
            f"What the service promises, sentence by sentence: {len(outcomes)} rows, each with a probe that "
            f"looks. {kept} of them were kept by the sandbox when this site was built. Where documents "
            "contradict each other, both readings are listed, and the one that the sandbox follows. "
            "`connectorkit promises` checks the same on your account, as far as no agent is bothered.",
            table(("Topic", "Promises", "Kept"), rows),
            f"```{{toctree}}\n:hidden:\n\n{contents}\n```",
            "## Marks",
            "The mark says whose word a promise is:",
            marks,
            "*Section* is the place in the kit's notes on the protocol; rows of one section belong together.",
        )
    )


def _page(topic: str, outcomes: Sequence[Outcome]) -> str:
    plainly = [one for one in outcomes if not one.promise.readings]
    contradictions = [one for one in outcomes if one.promise.readings]
    parts = [f"# {plain(_title(topic))}"]
    if plainly:
        parts.append(
            within(
                _DENSE,
                table(
                    ("", "Promise", "What is promised", "What was observed", "Mark", "Section"),
                    [_row(one) for one in plainly],
                ),
            )
        )
    if contradictions:
        parts.append(
            "Documents give more than one answer to these. The arrow is before what the sandbox does; on an "
            "account the check tells which reading is true there."
        )
        parts += [_contradiction(one) for one in contradictions]
    return "\n\n".join(parts)


def _row(one: Outcome) -> list[str]:
    promise = one.promise
    expected = one.expected or promise.foreseen
    observed = plain(one.observed or one.reason)
    if not one.kept:
        observed += f" (expected: {plain(expected)})"
    return [
        _SIGNS[one.state],
        _anchor(promise.id),
        plain(promise.says),
        observed,
        promise.mark,
        plain(promise.section),
    ]


def _contradiction(one: Outcome) -> str:
    promise = one.promise
    rows = [
        ["→" if seen else "", plain(reading.source), plain(reading.says), plain(in_words(reading.observed))]
        for reading, seen in one.readings
    ]
    return "\n\n".join(
        (
            f"## {plain(promise.id)}: {plain(promise.says)}",
            within(_DENSE, table(("", "Read in", "Reading", "Then one sees"), rows)),
            f"Ruling: {plain(promise.ruling)} (section {plain(promise.section)})",
        )
    )


def _anchor(name: str) -> str:
    """The id of a row, which can be linked to."""
    where = slug(name)
    return f'<a class="ck-row" id="{where}" href="#{where}">{escape(name)}</a>'


def _title(topic: str) -> str:
    return topic[:1].upper() + topic[1:]
