"""Two runs on the sandbox compared, and runs replayed on a fresh one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import httpx
import pytest
from scenario_bench import REPLAYABLE

import connectorkit as ck
from connectorkit import course
from connectorkit.comparing.compare import Comparison, compare, run_of
from connectorkit.replay import replay_all

NOTEBOOK = Path(__file__).parents[1] / "notebooks" / "02-open-and-send.ipynb"
TEXTS = ("Good morning", "Where is my parcel?", "It was due on Monday.", "Thank you")


class Refusing(httpx.HTTPTransport):
    """A network in which one request never reaches the service."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.content and self.content in request.read():
            body = b'{"code": "SERVICE_UNAVAILABLE", "body": {"msg": "Try again"}}'
            return httpx.Response(503, stream=httpx.ByteStream(body))
        return super().handle_request(request)


def chat(texts: tuple[str, ...], *, agent: bool, refused: bytes = b"") -> ck.ResponseLog:
    """The log of one conversation on a sandbox of its own."""
    log = ck.ResponseLog()
    with (
        ck.connect(log=log, sandbox=True, agent=agent) as kit,
        ck.Client(kit.settings, log=log, transport=Refusing(refused), retry=False) as client,
    ):
        talk = client.consumer("ana@example").open(first_name="Ana")
        for text in texts:
            with contextlib.suppress(ck.ApiError):
                talk.send(text)
            kit.sandbox.settle(10)
        talk.typing()
        talk.rate(5)
        talk.close()
        kit.sandbox.settle(10)
    return log


@pytest.mark.parametrize("agent", [False, True])
def test_a_text_a_status_and_a_message_more_are_exactly_three_rows(agent: bool) -> None:
    before = chat(TEXTS, agent=agent)
    changed = (TEXTS[0], "Where is my PARCEL?", TEXTS[2], "One thing more", TEXTS[3])

    found = compare(before, chat(changed, agent=agent, refused=TEXTS[2].encode()))

    columns = ["change", "what", "field", "before", "after"]
    first = TEXTS[1]
    assert found.frame[columns].fillna("").values.tolist() == [
        ["changed", f"text: {first}", "request.body.event.message", first, "Where is my PARCEL?"],
        ["changed", f"text: {TEXTS[2]}", "status_code", "200", "503"],
        ["added", "text: One thing more", "", "", "text: One thing more"],
    ]
    assert found.frame["exchange_after"].notna().all()


@pytest.mark.parametrize("agent", [False, True])
def test_the_same_conversation_again_is_equal(agent: bool) -> None:
    before, after = chat(TEXTS, agent=agent), chat(TEXTS, agent=agent)

    found = compare(before, after)

    assert found.equal, repr(found)
    assert compare(after, before).equal


def test_two_runs_of_the_same_notebook_are_equal(tmp_path: Path) -> None:
    runs = []
    for name in ("before", "after"):
        log = tmp_path / name / "log.sqlite3"
        environment = dict(os.environ) | {"CONNECTORKIT_LOG": str(log)}
        (result,) = course.run([NOTEBOOK], tmp_path / name, environment)
        assert result.problem == ""
        runs.append(run_of(ck.ResponseLog(log)))

    found = compare(*runs)

    assert found.equal, repr(found)
    assert len(runs[0].exchanges) > 10
    assert len(runs[0].notifications) > 15


def replayed(before: ck.ResponseLog, *, agent: bool) -> Comparison:
    """The comparison of a run with its replay on another sandbox."""
    after = ck.ResponseLog()
    with ck.connect(log=after, sandbox=True, agent=agent) as kit:
        replay_all(before, kit, between=lambda: kit.sandbox.settle(10))
    return compare(before, after)


@pytest.mark.parametrize("agent", [False, True])
def test_a_conversation_replays_on_a_fresh_sandbox(agent: bool) -> None:
    found = replayed(chat(TEXTS, agent=agent), agent=agent)

    assert found.equal, repr(found)


def test_the_error_catalogue_replays_on_a_fresh_sandbox() -> None:
    before = ck.ResponseLog()
    with ck.connect(log=before, sandbox=True, agent=False) as kit:
        for name in REPLAYABLE:
            kit.scenarios.run(name)
    refused = {e.scenario for e in before if (e.status_code or 0) >= 400}

    found = replayed(before, agent=False)

    assert len(refused) > 60
    assert found.frame[["change", "what"]].to_numpy().tolist() == [
        ["changed", "app_jwt"],  # whose app it was is not told from the kit's own
        ["added", "app_jwt"],  # one that was refused although it was new is renewed by both
    ]
    assert found.frame["before"][0].startswith("client_id=00000000-0000-4000-8000-000000000000")
