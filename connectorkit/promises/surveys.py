"""A survey that has begun: prepared for the probes that look into its dialog."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, NotReady, at
from connectorkit.promises.samples import close

_FEATURES = '{"type": ".ClientProperties", "features": ["MULTI_DIALOG"]}'


def asked_after(bench: Bench, closing: Any = None, **members: Any) -> tuple[str, str]:
    """A conversation whose main dialog was closed, and the id of the survey's dialog, which has a question.

    ``closing`` is a function of the conversation's id that gives the request to close it; ``members`` are
    those of the conversation request.
    """
    bench.set(survey={"skills": None, "questions": [{"text": "How was it?"}, {"text": "Anything else?"}]})
    talk = bench.open(headers={"Client-Properties": _FEATURES}, **members)
    bench.agent(talk).join()
    bench.did((closing or close)(talk))
    dialog = at(bench.kept(talk), "dialogs", 1, "id")
    if dialog == ABSENT:
        raise NotReady("no survey began")
    return talk, str(dialog)
