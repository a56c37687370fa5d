"""``%load_ext connectorkit``: the cell magic ``%%send`` for a raw request, with check and completion.

::

    %%send ana@example --to reply
    {"kind": "req", "id": "7", "type": "ms.PublishEvent",
     "body": {"dialogId": "{talk.id}", "event": {
        "type": "ContentEvent", "contentType": "text/plain", "message": "Good morning"}}}

A text that is only a name in braces, such as ``"{talk.id}"``, stands for that value in the notebook.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NoReturn

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)
from IPython.core.error import UsageError
from IPython.display import display

from connectorkit import completing, vetting
from connectorkit.client import Client
from connectorkit.replies import Reply
from connectorkit.vetting import CellError, Findings

_NAMED = re.compile(r'"\{([^\W\d]\w*(?:\.[^\W\d]\w*)*)\}"')
_FIRST_LINE = re.compile(r"^%%send\b([^\n]*)\n")
_AS_IS = "To send it all the same, add --as-is to the first line."


class RawRequests:
    """The cell magic of one shell: sends what is typed."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def send(self, line: str, cell: str) -> Reply | None:
        """Check a raw request against the documents, send it, and show the reply.

        What is wrong is not sent; what is only unusual is sent, with a remark. A refusal by the service
        is a reply. ``%%send --help`` lists the options. Raises ``CellError``, and IPython's ``UsageError``.
        """
        given = _ARGUMENTS.parse_args(shlex.split(line))
        if given.help:
            print(_ARGUMENTS.format_help())
            return None
        if given.conversation and given.send:
            raise UsageError("A cell is sent with --conversation or with --send, not with both.")
        if given.to is not None and not given.to.isidentifier():
            raise UsageError(f"--to takes a name for the reply, such as reply; {given.to!r} is none.")
        names = self._shell.user_ns
        kit = _kit(names, given.kit)
        text = _filled(cell, names, strict=not given.as_is)
        payload, remarks = _read(text, given.as_is)
        batch = given.conversation or (isinstance(payload, list) and not given.send)
        if not given.as_is:
            _check(kit, payload, remarks, "conversation" if batch else "send")
        content = text.strip("\n") if given.as_is else payload
        if batch:
            reply = kit.conversation(content, consumer=given.consumer)
        else:
            reply = kit.send(content, consumer=given.consumer or kit.owner(payload))
        if given.to:
            names[given.to] = reply
        return reply


class _Arguments(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. {self.format_usage()}")


def _arguments() -> _Arguments:
    known = _Arguments(prog="%%send", add_help=False, allow_abbrev=False)
    known.add_argument("consumer", nargs="?", help="for whom; by default the owner of the conversation")
    known.add_argument("--conversation", action="store_true", help="send a batch, which an array is anyway")
    known.add_argument("--send", action="store_true", help="with SEND, also when it is an array")
    known.add_argument("--as-is", action="store_true", help="check nothing, send the text as it is typed")
    known.add_argument("--kit", help="the name of the kit; needed where there are several")
    known.add_argument("--to", help="a name for the reply")
    known.add_argument("--help", action="store_true", help="show this")
    return known


_ARGUMENTS = _arguments()
_OPTIONS = ("--conversation", "--send", "--as-is", "--kit", "--to", "--help")


def _read(text: str, as_is: bool) -> tuple[Any, Findings]:
    try:
        return vetting.read(text)
    except CellError:
        if not as_is:
            raise
        starts_a_list: list[Any] | None = [] if text.lstrip().startswith("[") else None
        return starts_a_list, Findings()


def _check(kit: Client, payload: Any, remarks: Findings, call: str) -> None:
    found = vetting.vet(payload, call=call, account_id=kit.settings.account_id)
    if found.wrong:
        first, *others = found.wrong
        more = f" There {'are' if len(others) > 1 else 'is'} {len(others)} more: " if others else ""
        more += " ".join(str(one) for one in others)
        raise CellError(first.place, first.problem, f"{first.fix}{more} {_AS_IS}")
    if both := Findings(remarks.found + found.found):
        display(both)  # type: ignore[no-untyped-call]


def _kit(names: Mapping[str, Any], wanted: str | None) -> Client:
    if wanted is not None:
        kit = names.get(wanted)
        if not isinstance(kit, Client):
            raise UsageError(f"{wanted} is no kit. Make one: {wanted} = ck.connect()")
        return kit
    # Not the shell's own names, under which outputs are kept a second time.
    kits = {
        n: k for n, k in names.items() if isinstance(k, Client) and not k.closed and not n.startswith("_")
    }
    if len({id(kit) for kit in kits.values()}) == 1:
        return next(iter(kits.values()))
    if "kit" in kits:
        return kits["kit"]
    if kits:
        raise UsageError(f"There are several kits: {', '.join(sorted(kits))}. Choose one with --kit.")
    raise UsageError("There is no kit, or it is closed. Make one: kit = ck.connect()")


def _filled(text: str, names: Mapping[str, Any], *, strict: bool) -> str:
    """The text with values for names in braces. Where ``strict``, a name that does not exist is refused."""

    def value(found: re.Match[str]) -> str:
        first, *members = found.group(1).split(".")
        try:
            here = names[first]
            for member in members:
                here = getattr(here, member)
            return json.dumps(here, ensure_ascii=False)
        except (KeyError, AttributeError, TypeError, ValueError):
            if not strict:
                return found.group()
            raise CellError(
                found.group(),
                "is no text, number, list or dict of this notebook",
                f"Assign it first. {_AS_IS}",
            ) from None

    return _NAMED.sub(value, text)


@context_matcher()  # type: ignore[untyped-decorator]
def complete(context: CompletionContext) -> SimpleMatcherResult:
    """Types, field names and values inside a ``%%send`` cell; options on its first line."""
    first = _FIRST_LINE.match(context.full_text)
    if first is None and not context.full_text.startswith("%%send "):
        return SimpleMatcherResult(completions=[], suppress=False)
    position = _offset(context.full_text, context.cursor_line, context.cursor_position)
    if first is None or position < first.end():
        return _on_first_line(context.full_text[:position])
    with suppress(RecursionError):
        found = completing.offer(context.full_text[first.end() :], position - first.end())
        texts = [SimpleCompletion(text=text, type="field") for text in found.texts]
        return SimpleMatcherResult(completions=texts, matched_fragment=found.fragment, suppress=True)
    return SimpleMatcherResult(completions=[], suppress=True)


def _on_first_line(typed: str) -> SimpleMatcherResult:
    word = re.split(r"\s", typed)[-1]
    fits = [one for one in _OPTIONS if one.startswith(word) and one not in typed.split()]
    texts = [SimpleCompletion(text=one, type="option") for one in fits if word.startswith("-") or not word]
    return SimpleMatcherResult(completions=texts, matched_fragment=word, suppress=bool(texts))


def _offset(text: str, line: int, column: int) -> int:
    lines = text.split("\n")
    return sum(len(one) + 1 for one in lines[:line]) + column


def load(shell: Any) -> None:
    """Give a shell the magic and the completion; twice does no harm."""
    unload(shell)
    shell.register_magic_function(RawRequests(shell).send, "cell", "send")
    shell.Completer.custom_matchers.append(complete)


def unload(shell: Any) -> None:
    """Take both away."""
    shell.magics_manager.magics["cell"].pop("send", None)
    while complete in shell.Completer.custom_matchers:
        shell.Completer.custom_matchers.remove(complete)
