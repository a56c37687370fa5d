"""``%%send`` in a shell: what is typed is checked, sent, shown and kept; and completed while it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import connectorkit as ck
from connectorkit.completing import offer

CELL = json.dumps(ck.envelopes.publish_text("{talk.id}", "Good morning", request_id="7"), indent=1)


@pytest.fixture(scope="module")
def kit() -> Iterator[ck.Kit]:
    with ck.connect(sandbox=True, agent=False, log=":memory:") as kit:
        yield kit


@pytest.fixture(scope="module")
def one_shell(tmp_path_factory: pytest.TempPathFactory) -> InteractiveShell:
    """As a kernel has it, without a history on disk."""
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell(config=config, ipython_dir=str(tmp_path_factory.mktemp("ipython")))  # type: ignore[no-untyped-call]
    shell.run_line_magic("load_ext", "connectorkit")
    return shell


@pytest.fixture
def shell(one_shell: InteractiveShell, kit: ck.Kit) -> Iterator[InteractiveShell]:
    before = set(one_shell.user_ns)
    one_shell.user_ns["kit"] = kit
    yield one_shell
    for name in set(one_shell.user_ns) - before:
        del one_shell.user_ns[name]


@pytest.fixture
def talk(kit: ck.Kit, shell: InteractiveShell) -> Iterator[Any]:
    talk = kit.consumer("ana@example").open(first_name="Ana")
    shell.user_ns["talk"] = talk
    yield talk
    talk.close()


def send(shell: InteractiveShell, first_line: str, cell: str) -> Any:
    return shell.run_cell_magic("send", first_line, cell)


def test_a_cell_is_sent_for_the_owner_of_the_conversation(shell: InteractiveShell, talk: Any) -> None:
    reply = send(shell, "--to reply", CELL)

    assert (reply.ok, reply.sequence) == (True, 0)
    assert shell.user_ns["reply"] is reply
    assert reply.exchange.consumer == "ana@example"
    assert reply.exchange.request_json()["body"]["dialogId"] == talk.id


def test_the_consumer_may_be_named(shell: InteractiveShell, talk: Any) -> None:
    reply = send(shell, "bob@example", CELL)

    assert (reply.status_code, reply.error_code) == (401, 40103)


def test_an_array_is_a_batch(shell: InteractiveShell, kit: ck.Kit) -> None:
    batch = [
        ck.envelopes.set_profile(first_name="Cleo"),
        ck.envelopes.request_conversation("{kit.settings.account_id}"),
    ]

    reply = send(shell, "cleo@example", json.dumps(batch))

    assert reply.ok
    assert reply.operation == "conversation"
    assert kit.remembered_conversation("cleo@example") == reply.conversation_id


def test_what_is_wrong_is_not_sent(shell: InteractiveShell, kit: ck.Kit, talk: Any) -> None:
    before = len(kit.log)

    with pytest.raises(ck.EnvelopeError, match=r'Did you mean "ms.PublishEvent"\?.* --as-is'):
        send(shell, "", CELL.replace("ms.PublishEvent", "ms.PublishEvnt"))
    with pytest.raises(ck.EnvelopeError, match="line 4, column 2"):
        send(shell, "", CELL.replace('"7",', '"7"'))

    assert len(kit.log) == before


def test_as_is_sends_what_is_wrong_byte_for_byte(shell: InteractiveShell, talk: Any) -> None:
    broken = CELL.replace("ContentEvent", "ContntEvent")

    reply = send(shell, "--as-is", broken)

    assert reply.status_code == 400
    assert reply.exchange.request_body == broken.replace("{talk.id}", talk.id)
    assert reply.exchange.consumer == "ana@example"


def test_as_is_sends_what_is_no_json(shell: InteractiveShell, talk: Any) -> None:
    assert send(shell, "--as-is", '{"kind": "req"').status_code == 400
    assert send(shell, "--as-is", "[{").operation == "conversation"
    assert send(shell, "--as-is --send", "[{").operation == "send"


def test_what_is_unusual_is_sent_with_a_remark(
    shell: InteractiveShell, talk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    reply = send(shell, "", CELL.replace('"id"', '"extra": 1, "id"'))

    assert reply.ok
    assert "Unusual: extra is not documented here" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "value"), [("talk.nothing", None), ("nobody", None), ("secret", ck.settings.Secret("hush"))]
)
def test_a_name_without_a_plain_value_is_refused(
    shell: InteractiveShell, talk: Any, name: str, value: Any
) -> None:
    shell.user_ns["secret"] = value

    with pytest.raises(
        ck.EnvelopeError, match=r"is no text, number, list or dict of this notebook"
    ) as refused:
        send(shell, "", CELL.replace("talk.id", name))

    assert "hush" not in str(refused.value)


def test_one_of_several_kits_is_named(shell: InteractiveShell, talk: Any) -> None:
    shell.user_ns["first"] = shell.user_ns.pop("kit")
    with ck.connect(sandbox=True, log=":memory:") as second:
        shell.user_ns["second"] = second

        with pytest.raises(Exception, match="several kits: first, second"):
            send(shell, "", CELL)
        assert send(shell, "--kit first", CELL).ok

    assert send(shell, "", CELL).ok, "a closed one does not count"
    del shell.user_ns["first"]
    with pytest.raises(Exception, match="There is no kit"):
        send(shell, "", CELL)


@pytest.mark.parametrize(
    ("first_line", "words"),
    [
        ("--kit nothing", "nothing is no kit"),
        ("--to 1x", "takes a name"),
        ("--send --conversation", "not with both"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
    ],
)
def test_a_wrong_first_line_is_told(shell: InteractiveShell, talk: Any, first_line: str, words: str) -> None:
    with pytest.raises(Exception, match=words):
        send(shell, first_line, CELL)


def test_a_refused_cell_shows_a_sentence_and_no_traceback(shell: InteractiveShell) -> None:
    with pytest.raises(ck.EnvelopeError) as refused:
        send(shell, "", "{")

    shown = refused.value._render_traceback_()
    assert len(shown) == 1
    assert shown[0].startswith("CellError: cell is no JSON at line 1, column 2")


def test_help_lists_the_options(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(shell, "--help", "\n") is None
    assert "--as-is" in capsys.readouterr().out


def completed(shell: InteractiveShell, typed: str) -> list[str]:
    """What the kernel answers to JupyterLab's Tab at ``|``: the cell as it would stand afterwards."""
    position = typed.index("|")
    code = typed.replace("|", "")
    with provisionalcompleter():
        found = list(shell.Completer.completions(code, position))
    return [code[: one.start] + one.text + "|" + code[one.end :] for one in found]


def test_types_are_completed(shell: InteractiveShell) -> None:
    assert completed(shell, '%%send\n{"type": "ms.Pub|"}') == ['%%send\n{"type": "ms.PublishEvent|"}']
    assert len(completed(shell, '%%send\n{"type": "|"}')) == 6


def test_field_names_are_completed_by_the_type(shell: InteractiveShell) -> None:
    cell = '%%send --to reply\n{"type": "ms.PublishEvent", "body": {"event": {"type": "ChatStateEvent", "ch|'

    assert completed(shell, cell) == [cell.replace('"ch|', '"chatState|')]


def test_options_are_completed(shell: InteractiveShell) -> None:
    assert completed(shell, "%%send ana --as|\n{}") == ["%%send ana --as-is|\n{}"]


def test_other_cells_are_completed_as_ever(shell: InteractiveShell) -> None:
    shell.user_ns["parcel"] = {}

    assert "parc" + "el|" in completed(shell, "parc|")


@pytest.mark.parametrize(
    ("typed", "fragment", "texts"),
    [
        ("|", "", ()),
        ("{|", "", ('"kind"', '"id"', '"type"', '"body"', '"metadata"')),
        ('{"kind": "req", "id": "1", "|', "", ("type", "body", "metadata")),
        ('{"kind": |', "", ('"req"',)),
        ('{"bo|", "type": "x"}', "bo", ("body",)),
        ('{"body": {"|"}, "type": "ms.GenerateURLForDownloadFile"}', "", ("relativePath",)),
        ('[{"type": "userprofile.SetUserProfile", "body": {"firstN|', "firstN", ("firstName",)),
        (
            '{"type": "cm.UpdateConversationField", "body": {"conversationField": {"field": "CSATRate", '
            '"csatRate": |',
            "",
            ("1", "2", "3", "4", "5"),
        ),
        (
            '{"type": "cm.UpdateConversationField", "body": {"conversationField": [{"field": "Sta|',
            "Sta",
            ("Stage",),
        ),
        ('{"metadata": [{"type": "Ext|', "Ext", ("ExternalId",)),
        ('{"type": "ms.PublishEvent", "body": {"event": {"type": "RichContentEvent", "content": '
         '{"type": "vertical", "elements": [{"type": "but|', "but", ("button",)),
        ('{"type": "ms.PublishEvent", "body": {"event": {"type": "ChatStateEvent", "chatState": "CO|"}}}',
         "CO", ("COMPOSING",)),
        ('{"id": "a \\" b", "ki|', "ki", ("kind",)),
        ('{"unknown": {"|', "", ()),
        ('{"id": "1"}|', "", ()),
    ],
)  # fmt: skip
def test_what_may_stand_at_the_cursor(typed: str, fragment: str, texts: tuple[str, ...]) -> None:
    found = offer(typed.replace("|", ""), typed.index("|"))

    assert (found.fragment, found.texts) == (fragment, texts)


@pytest.mark.parametrize("cut", range(0, len(CELL), 3))
def test_completion_takes_any_unfinished_text(cut: int) -> None:
    assert offer(CELL[:cut], cut).texts is not None
    assert offer(CELL[cut:], 1).texts is not None


def test_the_extension_can_be_taken_away(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "connectorkit")

    assert "send" not in shell.magics_manager.magics["cell"]
    assert completed(shell, '%%send\n{"type": "ms.Pub|"}') == []
    shell.run_line_magic("load_ext", "connectorkit")
    assert completed(shell, '%%send\n{"type": "ms.Pub|"}') != []


def test_the_extension_loads_ipython_only_then() -> None:
    code = (
        "import sys, connectorkit\n"
        "connectorkit.load_ipython_extension\n"
        "assert 'IPython' not in sys.modules\n"
        "import connectorkit.vetting, connectorkit.completing\n"
        "assert 'IPython' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
