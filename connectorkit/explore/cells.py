"""A sequence of steps as a notebook cell that fails where the surprise is there, and else passes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from textwrap import wrap

from connectorkit.explore.source import source

IMPORT = "import connectorkit as ck"
# What steps may name, and the line that makes it.
PROLOGUE = {
    "account": "account = kit.settings.account_id",
    "client": "client = kit.settings.client_id",
    "ana": 'ana = kit.consumer_jws("ana").claims["lp_consumer_id"]',
    "ben": 'ben = kit.consumer_jws("ben").claims["lp_consumer_id"]',
}
_WIDTH = 96


def cell(
    lines: Sequence[str],
    imports: Iterable[str],
    assertion: str,
    *,
    connect: str,
    expected: str,
    observed: str,
    section: str,
) -> str:
    """The text of the cell. Without an assertion its last line raises by itself."""
    said = f"expected {expected}; observed when it was found: {observed} (protocol {section})"
    body = [*lines]
    if assertion:
        # In the message a value is shown as it is; in the code nothing of the server's is.
        body.append(f"assert {assertion}, {source(said)}")
    text = "\n".join(body)
    needed = [line for name, line in PROLOGUE.items() if re.search(rf"(?<![\"'\w.]){name}(?![\"'\w])", text)]
    imported = sorted({*imports, *(["import re"] if "re.fullmatch(" in text else [])})
    remark = [f"# {line}" for line in wrap(f"Protocol {section}: expected {expected}", _WIDTH)]
    return "\n".join([*imported, IMPORT, "", *remark, connect, *needed, *body]) + "\n"


def connecting(seed: int) -> str:
    """The line that connects to a sandbox of its own; nobody waits there, and nobody answers."""
    return f'kit = ck.connect(sandbox=True, seed={seed}, agent=False, log=":memory:", retry=False)'
