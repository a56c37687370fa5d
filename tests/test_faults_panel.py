"""The faults panel, without a browser: what is switched on strikes, and the panel says so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import ipywidgets
import pytest
from panel_parts import button, parts, shown

import connectorkit as ck
from connectorkit import widgets
from connectorkit.control import SandboxControl
from connectorkit.errors import SandboxError
from connectorkit.redact import Secret
from connectorkit.widgets.faults import FAULTS


@pytest.fixture
def control(sandbox: dict[str, Any]) -> Iterator[SandboxControl]:
    with closing(SandboxControl(sandbox["base_url"], Secret(sandbox["control_token"]))) as control:
        yield control


@pytest.fixture
def panel(control: SandboxControl) -> widgets.FaultsPanel:
    return widgets.faults_panel(control)


def choose(panel: widgets.FaultsPanel, what: str, on: str, times: int) -> None:
    panel.what.value, panel.on.value, panel.times.value = what, on, times


def test_what_is_chosen_is_switched_on_and_strikes(
    panel: widgets.FaultsPanel, control: SandboxControl, client: ck.Client
) -> None:
    talk = client.consumer("ana@example").open()
    choose(panel, "451, the account is blocked", "send", 2)

    button(panel, "Switch on").click()
    with pytest.raises(ck.ApiError) as refusal:
        talk.send("Hello")
    button(panel, "Refresh").click()

    assert refusal.value.status_code == 451
    (listed,) = control.active_faults()
    assert {"status": 451, "on": "send", "times": 2, "hits": 1, "left": 1}.items() <= listed.items()
    assert "status=451, on=&#x27;send&#x27;, times=2 · has struck once" in shown(panel)


def test_a_fault_that_is_done_stays_listed_and_has_no_switch(
    panel: widgets.FaultsPanel, client: ck.Client
) -> None:
    talk = client.consumer("ana@example").open()
    panel.submit(status=403, on="send", times=1)
    with pytest.raises(ck.ApiError):
        talk.send("Hello")

    panel.refresh()

    assert "has struck once, and is done" in shown(panel)
    assert "No fault is on." in shown(panel)
    assert "Switch off" not in [getattr(part, "description", "") for part in parts(panel)]


def test_one_is_switched_off_and_the_other_stays(panel: widgets.FaultsPanel, control: SandboxControl) -> None:
    panel.submit(status=500, on="send")
    other = panel.submit(drop="before")

    button(panel, "Switch off").click()

    assert [one["fault_id"] for one in control.active_faults()] == [other.id]
    assert "status=500" not in shown(panel)
    assert "is off." in shown(panel)


def test_all_are_switched_off(panel: widgets.FaultsPanel, control: SandboxControl) -> None:
    panel.submit(status=500)
    control.faults(drop="before")

    button(panel, "Switch all off").click()

    assert control.active_faults() == []
    assert "All faults are off." in shown(panel)


def test_faults_of_other_cells_are_listed_too(control: SandboxControl) -> None:
    control.faults(webhook="loss", times=3)

    panel = widgets.faults_panel(control)

    assert "webhook=&#x27;loss&#x27;, times=3 · has not struck yet" in shown(panel)
    assert "webhook='loss'" in repr(panel)


@pytest.mark.parametrize("what", FAULTS)
def test_all_that_is_offered_can_be_switched_on_for_a_send(
    panel: widgets.FaultsPanel, control: SandboxControl, what: str
) -> None:
    choose(panel, what, "send", 0)

    button(panel, "Switch on").click()

    (listed,) = control.active_faults()
    assert FAULTS[what].items() <= listed.items()
    assert listed.get("on") == (None if panel.on.disabled else "send")
    assert listed["left"] is None


def test_every_kind_of_fault_is_offered(control: SandboxControl) -> None:
    offered = {name for spec in FAULTS.values() for name in spec}

    assert set(control.about()["faults"]["one of"]) <= offered


def test_the_place_rests_where_there_is_none(panel: widgets.FaultsPanel) -> None:
    panel.what.value = "a notification is lost"
    rests = panel.on.disabled
    panel.what.value = "500, the service fails"

    assert (rests, panel.on.disabled) == (True, False)


def test_what_cannot_be_is_said_in_the_panel_and_raised_to_a_cell(panel: widgets.FaultsPanel) -> None:
    with pytest.raises(SandboxError, match="did you mean"):
        panel.submit(statsu=500)

    assert "did you mean &quot;status&quot;?" in shown(panel)


def test_a_refused_choice_leaves_a_sentence(panel: widgets.FaultsPanel, control: SandboxControl) -> None:
    choose(panel, "an answer that is no JSON", "upload_file", 1)

    button(panel, "Switch on").click()

    assert "cannot strike the call &quot;upload_file&quot;" in shown(panel)
    assert control.active_faults() == []


def test_a_sandbox_that_has_gone_is_a_sentence(control: SandboxControl) -> None:
    control.close()

    panel = widgets.faults_panel(control)

    assert "This kit is closed." in shown(panel)
    assert "This kit is closed." in repr(panel)


def test_every_control_has_a_tooltip(panel: widgets.FaultsPanel) -> None:
    controls = [p for p in parts(panel) if isinstance(p, ipywidgets.Button | ipywidgets.Dropdown)]

    assert len(controls) == 6
    assert all(one.tooltip and one.description for one in controls)


def test_the_plain_form_is_a_sentence(panel: widgets.FaultsPanel) -> None:
    assert repr(panel) == "<FaultsPanel: no fault is on; run the notebook in JupyterLab to use it>"
