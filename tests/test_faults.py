"""Faults as a notebook has them: a context manager, a handle, a list, and sentences for mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

import connectorkit as ck
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.journey import Conversation
from connectorkit.redact import Secret
from connectorkit.steering import Fault


@pytest.fixture
def control(sandbox: dict[str, Any]) -> Iterator[SandboxControl]:
    with closing(SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))) as control:
        yield control


@pytest.fixture
def talk(client: ck.Client) -> Conversation:
    return client.consumer("ana@example").open()


def refused(talk: Conversation) -> bool:
    """Whether a text is."""
    try:
        talk.send("Hello")
    except ck.ApiError:
        return True
    return False


# --- On and off --------------------------------------------------------------------------------------


def test_a_fault_is_on_inside_its_block_and_off_after_it(control: SandboxControl, talk: Conversation) -> None:
    with control.faults(status=403, on="send") as fault:
        inside = [refused(talk), refused(talk)]

    assert inside == [True, True]
    assert not refused(talk)
    assert fault.hits == 2


def test_a_fault_is_on_without_a_block_until_it_is_removed(
    control: SandboxControl, talk: Conversation
) -> None:
    fault = control.faults(status=403, on="send")
    states = [fault.on, refused(talk)]
    fault.remove()
    states += [fault.on, refused(talk)]

    assert states == [True, True, False, False]
    assert fault.hits == 1


def test_a_fault_counts_while_it_is_on(control: SandboxControl, talk: Conversation) -> None:
    fault = control.faults(status=403, on="send", times=2)
    counts = []
    for _ in range(3):
        refused(talk)
        counts.append((fault.hits, fault.on))

    assert counts == [(1, True), (2, False), (2, False)]


def test_leaving_a_block_removes_that_fault_alone(control: SandboxControl) -> None:
    with control.faults(status=403, on="send"):
        other = control.faults(status=404, on="conversation")

    assert [one["fault_id"] for one in control.active_faults()] == [other.id]


def test_an_error_inside_the_block_leaves_no_fault_behind(control: SandboxControl) -> None:
    with pytest.raises(ZeroDivisionError), control.faults(status=403):
        _ = 1 / 0

    assert control.active_faults() == []


def test_a_fault_may_be_removed_twice_and_after_everything_was_cleared(
    control: SandboxControl, talk: Conversation
) -> None:
    with control.faults(status=403, on="send") as fault:
        refused(talk)
        counted = fault.hits
        control.clear_faults()
    fault.remove()

    assert (counted, fault.hits, fault.on) == (1, 1, False)


def test_a_fault_that_a_reset_has_ended_is_off(control: SandboxControl) -> None:
    with control.faults(status=403) as fault:
        control.reset()

        assert not fault.on


def test_active_faults_are_those_that_can_still_strike(control: SandboxControl, talk: Conversation) -> None:
    control.faults(status=403, on="send", times=1)
    lasting = control.faults(delay={"median": 0.001, "sigma": 0.5}, on=["send", "upload"])
    refused(talk)

    assert control.active_faults() == [
        {
            "fault_id": lasting.id,
            "delay": {"median": 0.001, "sigma": 0.5},
            "on": ["send", "upload"],
            "hits": 1,
            "left": None,
        }
    ]


def test_a_snapshot_brings_its_faults_back(control: SandboxControl, talk: Conversation) -> None:
    fault = control.faults(status=403, on="send", times=2)
    refused(talk)
    kept = control.snapshot()
    refused(talk)
    control.clear_faults()

    control.restore(kept)

    assert (fault.hits, fault.on, refused(talk), refused(talk)) == (1, True, True, False)


# --- Mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"stauts": 503}, r'Unknown member "stauts"; did you mean "status"\?'),
        ({"status": 200}, r'"status" must be a whole number from 400 to 599\.'),
        ({"status": 503, "on": "sent"}, r'"on" must name calls out of "domains", .* not \'sent\'\.'),
        ({}, r"Say what shall go wrong with one of"),
        ({"status": None}, r"Say what shall go wrong with one of"),
    ],
)
def test_a_mistake_is_told_by_the_sandbox(
    control: SandboxControl, spec: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SandboxError, match=sentence):
        control.faults(**spec)

    assert control.active_faults() == []


class Gone:
    """The control API of a sandbox that has gone after it switched the fault on."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        raise SandboxError("The sandbox does not answer.")


def test_a_sandbox_that_has_gone_does_not_hide_what_went_wrong_in_the_block() -> None:
    with pytest.raises(ZeroDivisionError), Fault(Gone(), "1", {"status": 503}):
        _ = 1 / 0


def test_a_sandbox_that_has_gone_is_told_where_nothing_else_went_wrong() -> None:
    with pytest.raises(SandboxError, match="does not answer"), Fault(Gone(), "1", {"status": 503}):
        pass


# --- How it shows itself -----------------------------------------------------------------------------


def test_a_fault_shows_what_was_asked_for(control: SandboxControl) -> None:
    fault = control.faults(status=503, on="send", times=2, skip=None)

    assert repr(fault) == f"<Fault {fault.id}: status=503, on='send', times=2>"


def test_a_fault_is_displayed_with_its_hits_and_its_state(
    control: SandboxControl, talk: Conversation
) -> None:
    fault = control.faults(status=403, on="send")
    refused(talk)
    while_on = fault._repr_html_()
    fault.remove()

    for fact in (f"Fault {fault.id}", "status", "403", "send", ">1<", ">on<"):
        assert fact in while_on
    assert ">off<" in fault._repr_html_()


def test_a_display_escapes_what_it_shows_and_survives_the_sandbox() -> None:
    shown = Fault(Gone(), "1", {"on": "<b>"})._repr_html_()

    assert "&lt;b&gt;" in shown
    assert "The sandbox does not answer." in shown
