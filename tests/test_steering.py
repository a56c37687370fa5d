"""Steering the sandbox from a kit: agent, clock, webhook, and the record of deliveries."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest

import connectorkit as ck
from connectorkit import columns, frames
from connectorkit.errors import SandboxError
from connectorkit.journey import Conversation

HOUR = 3600


@pytest.fixture(scope="module")
def shared_kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.fixture
def kit(shared_kit: ck.Kit) -> Iterator[ck.Kit]:
    shared_kit.sandbox.reset()
    yield shared_kit
    shared_kit.notifications.start()
    shared_kit.sandbox.webhook(shared_kit.notifications.url)


@pytest.fixture
def talk(kit: ck.Kit) -> Conversation:
    return kit.consumer("ana").open()


def test_an_agent_knows_the_number_of_what_was_said_last(kit: ck.Kit, talk: Conversation) -> None:
    agent = kit.sandbox.agent(talk)

    numbers = [agent.sequence, agent.join().sequence, agent.text("One").sequence]
    numbers += [agent.typing().sequence, agent.rich(ck.rich.text("Two")).sequence]

    assert numbers == [None, None, 0, 0, 1]


def test_time_may_be_told_in_hours(kit: ck.Kit) -> None:
    before = kit.sandbox.now()

    after = kit.sandbox.advance(hours=2, minutes=1, seconds=5)

    assert 2 * HOUR + 65 <= (after - before).total_seconds() < 2 * HOUR + 75


@pytest.mark.parametrize(
    ("retention", "expected"), [(None, ["lost"]), (HOUR, ["lost"]), (3 * HOUR, ["delivered"])]
)
def test_what_a_receiver_missed_is_kept_for_the_retention_time(
    kit: ck.Kit, talk: Conversation, retention: int | None, expected: list[str]
) -> None:
    kit.sandbox.settle()
    kit.sandbox.webhook(kit.notifications.url, retention_seconds=retention)
    kit.notifications.stop()
    talk.send("Anybody there?")
    kit.sandbox.advance(hours=2)
    kit.notifications.start()
    kit.sandbox.advance(minutes=5)

    attempts = frames.deliveries(kit.sandbox.deliveries())

    ends = attempts[(attempts["sequence"] == 0) & (attempts["outcome"] != "failed")]
    assert ends["outcome"].tolist() == expected


@pytest.mark.parametrize("seconds", [1, 259_201, "an hour"])
def test_a_retention_time_that_no_install_may_have_is_refused(kit: ck.Kit, seconds: int) -> None:
    with pytest.raises(SandboxError, match="retention_time"):
        kit.sandbox.webhook(kit.notifications.url, retention_seconds=seconds)


def test_deliveries_become_a_frame(kit: ck.Kit, talk: Conversation) -> None:
    kit.sandbox.settle()
    kit.sandbox.faults(webhook="loss", times=1)
    talk.send("Lost")
    kit.sandbox.settle()

    found = frames.deliveries(kit.sandbox.deliveries())

    assert found.dtypes.astype(str).to_dict() == {n: dtype for n, (dtype, _) in columns.DELIVERIES.items()}
    assert found[["sequence", "attempt", "status_code", "outcome"]].to_numpy(na_value=None).tolist() == [
        [None, 1, 200, "delivered"],
        [0, 0, None, "lost"],
        [1, 1, 200, "delivered"],
    ]
    assert (found["at"] <= pd.Timestamp.now("UTC")).all()


def test_no_deliveries_are_an_empty_frame_with_all_columns() -> None:
    empty = frames.deliveries({"deliveries": []})

    assert (len(empty), list(empty.columns)) == (0, list(columns.DELIVERIES))


def test_changes_are_the_notifications_as_objects_once_they_have_arrived(
    kit: ck.Kit, talk: Conversation
) -> None:
    metadata = [{"type": "ExternalId", "id": "card-1"}]
    kit.sandbox.agent(talk).text("Pick one", quick_replies=["This"], metadata=metadata)

    *_, joined, said = kit.log.changes(conversation=talk.id)

    assert [role["role"] for role in joined.participants] == ["ASSIGNED_AGENT", "CONSUMER"]
    assert (said.sequence, said.metadata) == (0, metadata)
    assert said.event["quickReplies"]["replies"][0]["title"] == "This"
    assert repr(said) == "<Change: ContentEvent 0 by ASSIGNED_AGENT>"


def test_a_consumer_knows_the_receiver_of_its_kit(kit: ck.Kit) -> None:
    plain = ck.Client(kit.settings)

    assert kit.consumer("ana").notifications is kit.notifications
    assert plain.consumer("ana").notifications is None
    plain.close()


def test_a_verdict_is_shown_with_its_explanation() -> None:
    verdict = ck.signature.verify(b"{}", None, "a-secret")

    shown = verdict._repr_html_()

    assert "header-missing" in shown
    assert "The request has no x-liveperson-signature header." in shown
