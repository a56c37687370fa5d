"""A survey that has begun: prepared for the probes that look into its dialog."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import ABSENT, Bench, NotReady, at
from connectorkit.promises.samples import close

_FEATURES = '{"type": ".ClientProperties", "features": ["MULTI_DIALOG"]}'


def attended(bench: Bench, **members: Any) -> str:
    """A conversation with an agent in it, which will have a survey when its main dialog is closed.

    ``members`` are those of the conversation request.
    """
    bench.set(survey={"skills": None, "questions": [{"text": "How was it?"}, {"text": "Anything else?"}]})
    talk = bench.open(headers={"Client-Properties": _FEATURES}, **members)
    bench.agent(talk).join()
    return talk


def asked_after(bench: Bench, **members: Any) -> tuple[str, str]:
    """Such a conversation after the end of its main dialog, and the id of the dialog with the question."""
    talk = attended(bench, **members)
    bench.did(close(talk))
    dialog = at(bench.kept(talk), "dialogs", 1, "id")
    if dialog == ABSENT:
        raise NotReady("no survey began")
    return talk, str(dialog)
