"""The pages of the error catalogue, from its data and from what the sandbox answered when they were made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from connectorkit.scenarios import TOPICS, Outcome
from connectorkit.site.writing import block, code, plain, slug, table, within

FOLDER = "catalogue"
_TITLES = {
    "tokens": "Lookup and tokens",
    "door": "At the door",
    "batch": "Batches of CONVERSATION",
    "send": "SEND",
    "life cycle": "Life cycle",
    "files": "Files",
    "http": "HTTP",
    "outages": "Outages",
    "network": "Network",
    "webhooks": "Webhooks",
}
_LONGEST_BODY = 2000


def pages(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Pages by their path below the sources, without suffix."""
    made = {f"{FOLDER}/index": _index(outcomes)}
    for topic in TOPICS:
        here = [one for one in outcomes if one.scenario.topic == topic]
        made[f"{FOLDER}/{slug(topic)}"] = _page(topic, here)
    return made


def _index(outcomes: Sequence[Outcome]) -> str:
    rows = []
    for topic in TOPICS:
        here = [one for one in outcomes if one.scenario.topic == topic]
        link = f"[{plain(_title(topic))}]({slug(topic)}.md)"
        rows.append([link, str(len(here)), plain(here[0].scenario.shows)])
    contents = "\n".join(slug(topic) for topic in TOPICS)
    return "\n\n".join(
        (
            "# Error catalogue",
            f"Everything that can go wrong, provoked on purpose: {len(outcomes)} cases. Each was run on the "
            "sandbox when this site was built, so the answers below are what came, not what somebody "
            'remembered. Run them yourself with `kit.scenarios.run("name")`, '
            "`widgets.error_panel(kit.scenarios)` or `connectorkit scenarios`.",
            table(("Topic", "Cases", "The first of them"), rows),
            f"```{{toctree}}\n:hidden:\n\n{contents}\n```",
            "## How to read a case",
            "*Answer* is the first one that came to the request that provokes the case. Where the kit goes "
            "on by itself, *the kit* says how that ended. *Source* says whose word it is: S is a numbered "
            "sentence of the vendor's API overview, R a ruling of this kit where documents are silent or "
            "disagree, the rest names a public document.",
        )
    )


def _page(topic: str, outcomes: Sequence[Outcome]) -> str:
    listed = [
        [f"[{code(one.scenario.name)}](#{_label(one)})", plain(one.scenario.shows), plain(one.observed)]
        for one in outcomes
    ]
    cases = within("ck-cases", table(("Case", "Shows", "Answer"), listed))
    parts = [f"# {plain(_title(topic))}", cases]
    return "\n\n".join([*parts, *(_case(one) for one in outcomes)])


def _case(outcome: Outcome) -> str:
    scenario = outcome.scenario
    facts = "\n".join(f"{name}\n: {words}\n" for name, words in _facts(outcome))
    parts = [
        f"({_label(outcome)})=\n## {plain(scenario.name)}",
        plain(scenario.shows),
        facts,
        *_body(outcome),
    ]
    return "\n\n".join(parts)


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    scenario, exchange = outcome.scenario, outcome.exchange
    if exchange is not None:
        yield "Request", code(f"{exchange.method} {urlsplit(exchange.url).path}")
    yield "Answer", plain(outcome.observed or outcome.not_run or "nothing")
    if not outcome.as_expected:
        yield "Expected", plain(outcome.expected or scenario.expected)
    if outcome.differs:
        yield "Differs", plain(outcome.differs)
    if outcome.handled:
        yield "The kit", plain(outcome.handled)
    yield "What to do", plain(scenario.advice)
    yield "On an account", plain(scenario.account)
    yield "Source", plain(scenario.source)


def _body(outcome: Outcome) -> list[str]:
    """The body of the answer, laid out; none where nothing came."""
    exchange = outcome.exchange
    text = exchange.response_body if exchange is not None else None
    if not text:
        return []
    try:
        # What Python reads beyond JSON, such as NaN, is no JSON to whoever colours it.
        laid_out = json.dumps(json.loads(text), indent=2, ensure_ascii=False, allow_nan=False)
        language = "json"
    except (ValueError, RecursionError):
        laid_out, language = text, "text"
    if len(laid_out) > _LONGEST_BODY:
        laid_out, language = f"{laid_out[:_LONGEST_BODY]}…", "text"
    return [block(laid_out, language)]


def _title(topic: str) -> str:
    return _TITLES.get(topic, topic[:1].upper() + topic[1:])


def _label(outcome: Outcome) -> str:
    return f"case-{slug(outcome.scenario.name)}"
