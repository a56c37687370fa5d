"""The catalogue as buttons: found by words, below their topics, in the colours of how each went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

import ipywidgets

from connectorkit import markup
from connectorkit.catalogue import TOPICS, Scenario
from connectorkit.scenarios import Outcome, Scenarios
from connectorkit.widgets.controls import button

_SHOWN = ("scenario", "same", "expected", "observed", "exchange")
_LONGEST_BODY = 2_000  # characters; the log has all of it
_LINE = ipywidgets.Layout(width="100%")
_CASES = ipywidgets.Layout(flex_flow="row wrap", max_height="17em", overflow="auto")


def topics(scenarios: Iterable[Scenario]) -> list[tuple[str, str]]:
    """What can be chosen: all, or a topic, each with its number of cases."""
    counts = Counter(scenario.topic for scenario in scenarios)
    each = [(f"{topic} ({counts[topic]})", topic) for topic in TOPICS]
    return [(f"all ({counts.total()})", ""), *each]


def found(scenarios: Iterable[Scenario], text: str, topic: str) -> list[Scenario]:
    """The cases of a topic, or of all, with every word of ``text``: in name, answer, advice or source."""
    words = text.lower().split()
    return [one for one in scenarios if topic in ("", one.topic) and _has(one, words)]


def summary(outcomes: Iterable[Outcome], *, stopped: bool = False) -> str:
    """How a run went, as a note."""
    listed = [*outcomes]
    ran = [outcome for outcome in listed if not outcome.not_run]
    surprises = [outcome.scenario.name for outcome in ran if not outcome.as_expected]
    words = f"{len(ran)} case{'' if len(ran) == 1 else 's'} run, "
    words += f"{len(surprises)} surprised: {', '.join(surprises)}." if surprises else "each as expected."
    words += f" {len(listed) - len(ran)} are not for this target." if len(ran) < len(listed) else ""
    return markup.note(f"Stopped. {words}" if stopped else words, good=not surprises)


def field() -> ipywidgets.Text:
    """Where the words are typed."""
    return ipywidgets.Text(
        description="Find",
        placeholder="a word or a number: missing, 40103",
        tooltip="Show the cases with all of these words in them; Enter runs them",
        continuous_update=True,
        layout=ipywidgets.Layout(flex="1 1 16em", width="auto"),
        style={"description_width": "initial"},
    )


def closely(scenario: Scenario, outcome: Outcome | None) -> str:
    """How a case went, and the exchange behind it; of one that was not run, what the catalogue knows."""
    if outcome is None:
        known = [(name.replace("_", " "), value) for name, value in scenario.row().items() if value]
        return markup.facts(scenario.name, [*known[1:], ("run", "not yet")])
    told = outcome._repr_html_()
    made = outcome.exchange
    if made is None:
        return told
    status = made.error if made.status_code is None else f"{made.status_code} {made.reason or ''}"
    rows: list[tuple[str, str | None]] = [
        ("request", f"{made.method} {made.url}"),
        ("sent", made.request_body),
    ]
    rows += [("status", status), ("received", made.response_body)]
    facts = [(name, _short(str(value))) for name, value in rows if value]
    return told + markup.facts(f"Exchange {made.exchange_id}", facts)


def table(outcomes: Iterable[Outcome]) -> str:
    """The expected beside the observed, a line for each."""
    return markup.table(_SHOWN, map(_row, outcomes))


def results() -> ipywidgets.HTML:
    """A place for that table. It scrolls, so the keyboard must reach it."""
    layout = ipywidgets.Layout(max_height="24em", overflow="auto")
    return ipywidgets.HTML(tabbable=True, tooltip="Expected and observed", layout=layout)


def listed(scenarios: Iterable[Scenario]) -> str:
    """What there is to run, a line each."""
    return markup.table(("case", "expected", "shows"), ((s.name, s.expected, s.shows) for s in scenarios))


class CaseButtons(ipywidgets.VBox):  # type: ignore[misc]
    """A button for each case; what cannot be run here rests, and a sentence says why."""

    def __init__(self, scenarios: Scenarios, press: Callable[[str], None]) -> None:
        self._obstacles = {one.name: scenarios.obstacle(one, visible=True) for one in scenarios}
        self._buttons = {
            one.name: button(one.name, self._obstacles[one.name] or one.shows, partial(press, one.name))
            for one in scenarios
        }
        self._headings = {topic: ipywidgets.Label(topic, layout=_LINE) for topic in TOPICS}
        self._cases = ipywidgets.Box(layout=_CASES)
        self._why = ipywidgets.HTML()
        super().__init__([self._cases, self._why])
        self.rest(False)

    def show(self, chosen: Iterable[Scenario]) -> None:
        """These, below the headings of their topics."""
        rows: list[ipywidgets.Widget] = []
        topic, reasons = "", Counter[str]()
        for one in chosen:
            if one.topic != topic:
                topic = one.topic
                rows.append(self._headings[topic])
            rows.append(self._buttons[one.name])
            reasons[self._obstacles[one.name]] += 1
        self._cases.children = rows
        del reasons[""]
        told = "; ".join(f"{count}: {why}" for why, count in reasons.most_common())
        self._why.value = markup.note(f"Not for this target are {told}.") if told else ""

    def rest(self, resting: bool) -> None:
        """No case can be begun while others are run."""
        for name, one in self._buttons.items():
            one.disabled = resting or bool(self._obstacles[name])

    def mark(self, outcome: Outcome) -> None:
        """Green as expected, red a surprise; what was not run keeps its colour."""
        if not outcome.not_run:
            made = self._buttons[outcome.scenario.name]
            made.button_style = "success" if outcome.as_expected else "danger"


def _has(scenario: Scenario, words: list[str]) -> bool:
    parts = (
        *(scenario.name, scenario.topic, scenario.shows, scenario.expected),
        *(scenario.handled, scenario.advice, scenario.source),
    )
    text = " ".join(parts).lower()
    return all(word in text for word in words)


def _row(outcome: Outcome) -> tuple[str, bool | None, str, str, int | None]:
    expected = outcome.expected or outcome.scenario.expected
    observed = outcome.observed or outcome.not_run
    same = None if outcome.not_run else outcome.as_expected
    behind = outcome.exchange.exchange_id if outcome.exchange is not None else None
    return outcome.scenario.name, same, expected, observed, behind


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_BODY else text[: _LONGEST_BODY - 1] + "…"
