"""The log panel, without a browser: traits are set, buttons clicked, and what it shows is read."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import traitlets
from hostile import TEXTS, exchange, text_request, with_text
from panel_parts import button, parts, shown

import connectorkit as ck
from connectorkit import finding, widgets
from connectorkit.client import Client
from connectorkit.errors import LogError
from connectorkit.log import Log
from connectorkit.sharing import curl, export, python_cell
from connectorkit.widgets import exchange as closely
from connectorkit.widgets.copying import CopyBox, CopyButton


@pytest.fixture
def log(memory_log: Log) -> Log:
    memory_log.append(exchange(json.dumps(text_request("Where is my parcel?"))))
    memory_log.append(exchange(status_code=401, reason="Unauthorized", operation="app_jwt", consumer=None))
    memory_log.append(exchange(status_code=None, error="ReadTimeout: no answer", label="Checkout"))
    return memory_log


@pytest.fixture
def panel(log: Log) -> Iterator[widgets.LogPanel]:
    panel = widgets.log_panel(log)
    yield panel
    panel.close()


def listed(panel: widgets.LogPanel) -> list[int]:
    """The numbers that the browser was sent."""
    assert len(panel.list.options) == len(panel.list.get_state()["_options_labels"])
    return [number for _, number in panel.list.options]


def doubled(database: sqlite3.Connection) -> None:
    """Every exchange once more: appending so many one by one would take its time."""
    columns = [name for _, name, *_ in database.execute("PRAGMA table_info(exchanges)")]
    names = ",".join(name for name in columns if name != "exchange_id")
    database.execute(f"INSERT INTO exchanges ({names}) SELECT {names} FROM exchanges")


def test_an_empty_log_says_so_and_fills(memory_log: Log) -> None:
    panel = widgets.log_panel(memory_log)
    assert "The log is empty. Send something: it appears here." in shown(panel)
    assert panel.step(1) is None
    assert panel.copied() == ""
    assert "The log is empty" in panel.still()

    memory_log.append(exchange())

    assert panel.look() is True
    assert listed(panel) == [1]
    assert "1 exchange." in shown(panel)
    assert panel.look() is False


def test_a_row_that_is_clicked_is_shown_closely(panel: widgets.LogPanel) -> None:
    panel.list.value = 1

    assert panel.exchange == 1
    assert panel.number.value == 1
    assert "Where is my parcel?" in shown(panel)
    assert "Exchange 1: send → 200 OK" in shown(panel)


def test_a_row_that_is_no_longer_marked_stays_chosen(panel: widgets.LogPanel) -> None:
    panel.choose(2)

    panel.list.value = None

    assert panel.exchange == 2


def test_a_number_that_is_typed_is_shown_and_marked(panel: widgets.LogPanel) -> None:
    panel.number.value = 3

    assert panel.exchange == 3
    assert panel.list.value == 3
    assert "ReadTimeout: no answer" in shown(panel)

    panel.number.value = 0

    assert panel.exchange is None
    assert panel.list.value is None
    assert "Choose an exchange in the list" in shown(panel)


def test_a_number_that_there_is_not(panel: widgets.LogPanel) -> None:
    panel.exchange = 99

    assert "There is no exchange 99" in shown(panel)
    assert panel.copy.text == ""
    with pytest.raises(LogError, match="no exchange 98"):
        panel.choose(98)


def test_up_and_down_the_list(panel: widgets.LogPanel) -> None:
    button(panel, "Older").click()
    assert panel.exchange == 3
    button(panel, "Older").click()
    button(panel, "Older").click()
    button(panel, "Older").click()
    assert panel.exchange == 1

    button(panel, "Newer").click()

    assert panel.exchange == 2
    assert panel.list.value == 2


def test_new_exchanges_leave_the_choice_where_it_was(panel: widgets.LogPanel, log: Log) -> None:
    panel.choose(2)
    log.append(exchange())

    button(panel, "Refresh").click()

    assert (panel.exchange, panel.list.value, panel.list.index) == (2, 2, 2)
    assert listed(panel) == [4, 3, 2, 1]


def test_filters_by_field_by_trait_and_by_method(panel: widgets.LogPanel) -> None:
    panel.words_field.value = "parcel"
    assert listed(panel) == [1]
    assert "1 of 3 exchanges matches." in shown(panel)

    button(panel, "Show all").click()
    panel.status_field.value = "401"
    assert listed(panel) == [2]

    panel.status = "no answer"
    assert (listed(panel), panel.status_field.value) == ([3], "no answer")

    found = panel.find(operation="app_jwt")
    assert found["exchange_id"].tolist() == listed(panel) == [2]
    assert panel.operation_field.value == "app_jwt"
    assert (panel.status, panel.status_field.value) == ("", "")

    panel.find("no such words")
    assert listed(panel) == []
    assert "None of 3 exchanges matches." in shown(panel)


def test_the_choices_are_those_of_the_log_and_what_was_asked_for(panel: widgets.LogPanel, log: Log) -> None:
    panel.find(operation="elsewhere", status="429")

    assert [value for _, value in panel.operation_field.options] == ["", "app_jwt", "send", "elsewhere"]
    assert [value for _, value in panel.status_field.options][-3:] == ["200", "401", "429"]

    log.append(exchange(operation="domains"))
    panel.show_all()

    assert ("domains", "domains") in panel.operation_field.options


def test_another_status_is_refused(panel: widgets.LogPanel) -> None:
    with pytest.raises(ValueError, match="Status is 'odd'"):
        panel.find(status="odd")
    with pytest.raises(traitlets.TraitError, match="Status is 'odd'"):
        panel.status = "odd"

    assert panel.status == ""


def test_two_panels_share_their_choice(panel: widgets.LogPanel, log: Log) -> None:
    other = widgets.log_panel(log)
    traitlets.link((panel, "exchange"), (other, "exchange"))
    traitlets.link((panel, "conversation"), (other, "conversation"))

    panel.choose(2)
    other.conversation = "dialog-1"

    assert other.exchange == 2
    assert "Exchange 2" in shown(other)
    assert panel.conversation_field.value == "dialog-1"


def test_the_text_for_other_tools(panel: widgets.LogPanel) -> None:
    chosen = panel.choose(1)

    assert panel.copy.text == panel.copied("cURL") == curl.command(chosen)
    panel.form_field.value = "Python cell"
    assert panel.copy.text == panel.copied() == python_cell.cell(chosen)
    panel.form = "HAR"
    assert json.loads(panel.copy.text) == json.loads(export.text([chosen], "har"))
    assert panel.copy.label == "The exchange as HAR"
    with pytest.raises(ValueError, match="Format is 'wget'"):
        panel.copied("wget")


def test_a_long_body_is_cut_and_says_where_the_rest_is(memory_log: Log) -> None:
    memory_log.append(exchange(json.dumps(text_request("long " * 100_000))))
    panel = widgets.log_panel(memory_log)

    panel.choose(1)

    assert re.search(r"The first 20,000 of 5\d\d,\d\d\d characters\.", shown(panel))
    assert "kit.log.exchange(1).request_body" in shown(panel)
    assert len(shown(panel)) < 60_000
    assert panel.copy.text == ""
    assert "too long to show" in panel.copy.label
    assert len(panel.copied()) > 500_000


def test_bodies_are_indented_and_what_is_no_json_stands_as_it_came() -> None:
    assert closely.pretty('{"a":["ö"]}') == ('{\n  "a": [\n    "ö"\n  ]\n}', "")
    assert closely.pretty("<html>") == ("<html>", "")
    assert closely.pretty("[" * 100_000)[0] == "[" * closely.LONGEST_BODY


def test_a_hundred_thousand_exchanges_are_bounded_and_quick(memory_log: Log) -> None:
    memory_log.append(exchange())
    for _ in range(17):
        memory_log.transaction(doubled)
    panel = widgets.log_panel(memory_log)
    assert len(listed(panel)) == finding.MOST
    assert "131,072 exchanges. The newest 200 are listed; filters reach the others." in shown(panel)
    assert len(json.dumps(panel.list.get_state()["_options_labels"])) < 60_000

    memory_log.append(exchange(json.dumps(text_request("needle"))))
    began = time.process_time()
    panel.look()

    # Of processor time, and ten times what it takes: so that a busy machine does not fail it.
    assert time.process_time() - began < 2
    assert listed(panel)[0] == 131_073
    assert panel.find("needle")["exchange_id"].tolist() == [131_073]


def test_notifications_that_an_exchange_caused_are_listed(eventually: Any) -> None:
    with ck.connect(sandbox=True, log=":memory:", seed=1) as kit:
        talk = kit.consumer("ana@example").open()
        talk.send("Where is <b>my</b> parcel?")
        panel = widgets.log_panel(kit)
        sent = panel.find(operation="send")["exchange_id"].iloc[0]

        panel.choose(int(sent))
        eventually(lambda: panel.refresh() or "ms later" in shown(panel))

    assert "&lt;b&gt;my&lt;/b&gt;" in shown(panel)
    assert "<b>my" not in shown(panel)


def test_an_exchange_of_a_scenario_stands_beside_what_was_expected() -> None:
    with ck.connect(sandbox=True, log=":memory:", agent=False) as kit:
        outcome = kit.scenarios.run("closed-conversation")
        panel = widgets.log_panel(kit)
        assert outcome.exchange is not None

        panel.choose(outcome.exchange)

    assert "Compared with scenario closed-conversation: as expected" in shown(panel)


# --- Alive, and still --------------------------------------------------------------------------------


def test_new_exchanges_come_by_themselves_while_somebody_looks(log: Log) -> None:
    async def look() -> tuple[list[int], list[bool]]:
        panel = widgets.log_panel(log)
        assert panel.heartbeat is not None
        panel.heartbeat._seconds = 0.01
        running = [panel.heartbeat.running]
        panel._view_count = 1  # as a browser says that shows it
        running.append(panel.heartbeat.running)
        log.append(exchange())
        for _ in range(1_000):
            if len(listed(panel)) == 4:
                break
            await asyncio.sleep(0.01)
        panel._view_count = 0
        running.append(panel.heartbeat.running)
        panel._view_count = 1
        panel.close()
        running.append(panel.heartbeat.running)
        return listed(panel), running

    found, running = asyncio.run(look())

    assert found == [4, 3, 2, 1]
    assert running == [False, True, False, False]


def test_a_closed_log_stops_nothing_else(log: Log) -> None:
    panel = widgets.log_panel(log)
    log.close()

    panel.heartbeat._tick()  # type: ignore[union-attr]
    button(panel, "Refresh").click()

    assert "could not be read" in shown(panel)


def test_what_stands_in_its_place_where_no_script_runs(panel: widgets.LogPanel) -> None:
    panel.choose(1)

    bundle = panel._repr_mimebundle_()

    assert bundle["text/plain"] == (
        "<LogPanel: 3 of 3 exchanges, exchange 1 chosen; run the notebook in JupyterLab to use it>"
    )
    assert "Where is my parcel?" in bundle["text/html"]
    assert "curl --include" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.model_id


def test_all_that_can_be_used_is_labelled(panel: widgets.LogPanel) -> None:
    panel.choose(1)
    used = (ipywidgets.Text, ipywidgets.Dropdown, ipywidgets.Button, ipywidgets.ToggleButtons)
    controls = [part for part in parts(panel) if isinstance(part, (*used, ipywidgets.BoundedIntText))]

    assert len(controls) >= 9
    assert [part for part in controls if not part.description] == []
    assert panel.copy.label
    assert panel.list.description


# --- Texts of others ---------------------------------------------------------------------------------


class Tags(HTMLParser):
    """What a browser would make of it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


OURS = {
    "textarea",
    "style",
    "div",
    "strong",
    "span",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
    "summary",
}
ATTRIBUTES = {
    "readonly",
    "rows",
    "tabindex",
    "wrap",
    "spellcheck",
    "style",
    "scope",
    "role",
    "aria-label",
    "aria-hidden",
    "open",
}
MORE = {
    "handler": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" style=\'position:fixed\'',
    "breakout": "</td></details></textarea></script><svg onload=alert(1)>",
}


@pytest.mark.parametrize("text", [*TEXTS.values(), *MORE.values()], ids=[*TEXTS, *MORE])
def test_hostile_texts_are_only_texts_everywhere(memory_log: Log, text: str) -> None:
    memory_log.append(with_text(text))
    line = text.replace("\n", " ").replace("\r", " ")[:2000]
    memory_log.append(
        exchange(
            operation=text[:200],
            url=f"https://va.msg.example/{text[:500]}",
            reason=text[:200],
            error=text[:500],
            response_body=text,
            response_headers=[("x-" + line, line)],
            tokens={text[:50]: {text[:50]: text[:5_000]}},
        )
    )
    panel = widgets.log_panel(memory_log)
    for number in (1, 2):
        for form in ("cURL", "Python cell", "HAR"):
            panel.choose(number)
            panel.form = form
        found = Tags()
        found.feed(shown(panel) + panel.still())
        assert found.found <= OURS
        assert found.attributes <= ATTRIBUTES
    for line, _ in panel.list.options:
        assert line.isprintable() or set(filter(lambda one: not one.isprintable(), line)) == {"\xa0"}
        assert len(line) < 200
    panel.find(text[:200])
    panel.find(operation=text[:200], conversation=text[:200])


def test_what_copies_is_told_nothing_and_asks_nobody() -> None:
    """A widget that loads slowly would not hear it, and would copy an older text."""
    state = CopyButton().get_state()

    assert "innerHTML" not in state["_esm"]
    assert "http" not in state["_esm"]
    assert "model" not in state["_esm"]
    assert "text" not in state


@pytest.mark.parametrize("text", ["\n\nleading", "</textarea><b>x", "a &amp; b", "tail\n"])
def test_a_text_to_copy_is_the_same_in_the_browser(text: str) -> None:
    box = CopyBox()
    box.show("A text", text)
    found = Tags()
    found.feed(box._field.value)

    assert found.found == {"textarea"}
    assert found.text.removeprefix("\n") == text  # as a browser leaves the first line break out


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_the_command_is_one_for_a_shell(panel: widgets.LogPanel, tmp_path: Path) -> None:
    panel.choose(1)
    script = tmp_path / "command.sh"
    script.write_text(panel.copy.text)

    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0


def test_no_secret_is_in_its_state(client: Client) -> None:
    talk = client.consumer("ana@example").open()
    secrets = [
        client.settings.client_secret.reveal(),
        client.app_jwt(renew=True).secret.reveal(),
        talk.consumer.jws().secret.reveal(),
    ]
    for secret in secrets:
        talk.send(f"It is {secret}")
    panel = widgets.log_panel(client)
    said = ""
    for number in [int(one) for one in panel.rows["exchange_id"]]:
        panel.choose(number)
        for form in ("cURL", "Python cell", "HAR"):
            panel.form = form
            said += json.dumps([part.get_state() for part in parts(panel)], default=str) + panel.still()

    assert "It is [" in said
    assert [
        secret for secret in secrets for piece in (secret, secret.rpartition(".")[2]) if piece in said
    ] == []
