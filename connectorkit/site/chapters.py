"""From an executed notebook to one that Sphinx can show: charts and widgets that read without scripts."""

from __future__ import annotations

import base64
import json
import re
from html import escape
from typing import Any

from connectorkit import course
from connectorkit.site import still
from connectorkit.site.showing import PICTURE

WIDGET = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
_AS_LEFT = "As the notebook left it. Run the notebook in JupyterLab to use it."


def chapter(notebook: Any, download: str) -> Any:
    """The notebook for the site, changed in place; ``download`` is where the clean one can be had."""
    saved = notebook.metadata.get("widgets", {}).get(STATE, {})
    state = saved.get("state", {})
    shown: set[str] = set()
    last: Any = None
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = [one for one in cell.outputs if not _is_nothing(one)]
        for output in cell.outputs:
            if found := _made_readable(output, state):
                shown |= found
                last = output
    notebook.metadata.pop("widgets", None)
    if shown:
        left = {name: model for name, model in state.items() if name in shown}
        # Sphinx's extension would write it, too, but let a text in it end the element that holds it.
        last["data"]["text/html"] += _data(STATE, {**saved, "state": left})
    _headed(notebook, download)
    return notebook


def title(notebook: Any) -> str:
    """What the notebook calls itself."""
    for cell in notebook.cells:
        found = re.match(r"# +(.+)", cell.source)
        if found:
            return found[1].strip()
    return ""


def abstract(notebook: Any) -> str:
    """What one does in it, in one sentence; nothing where its first cell does not say so."""
    found = re.search(r"\*\*What you'll do\*\*\s*[—–:-]\s*(.+)", notebook.cells[0].source)
    return found[1][:1].upper() + found[1][1:].strip() if found else ""


def _headed(notebook: Any, download: str) -> None:
    """Below the title: where the page comes from, and the notebook to take along."""
    import nbformat

    note = (
        ":::{div} ck-origin\n"
        f"Executed when this site was built. {{download}}`Download the notebook <{download}>`\n:::"
    )
    first, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = first
    made: Any = nbformat.v4.new_markdown_cell
    notebook.cells[1:1] = [made(note, id="origin"), made(rest.strip(), id="opening")]


def _is_nothing(output: Any) -> bool:
    """Whether it was shown for a while only, or is a picture of nothing that a progress bar left behind."""
    data = output.get("data", {})
    seen = re.sub(r"<[^>]*>", "", data.get("text/html", "")).strip()
    return course.has_gone(output) or (data.get("text/plain") == "" and not seen)


def _made_readable(output: Any, state: still.State) -> set[str]:
    """Give the output a form that reads without scripts; returns the ids of the models that it shows."""
    data = output.get("data", {})
    if PICTURE in data:
        data["text/html"] = _figure(data.pop(PICTURE))
    root = data.pop(WIDGET, {}).get("model_id")
    if root is None:
        return set()
    seen = still.view(state, root) or f"<p>{escape(data.get('text/plain', ''))}</p>"
    data["text/html"] = (
        f'<div class="ck-panel"><div class="ck-widget" data-model="{escape(root)}">{seen}</div>'
        f'<p class="ck-note">{_AS_LEFT}</p></div>'
    )
    return still.reachable(state, root)


def _figure(picture: dict[str, Any]) -> str:
    """A chart for either theme, and beside it what a script needs to make it one that answers the mouse."""
    images = "".join(
        f'<img class="ck-chart {"only-dark" if theme == "dark" else "only-light"}" '
        f'alt="{escape(picture["description"])}" src="{_as_address(picture[theme])}">'
        for theme in ("light", "dark")
    )
    alive = _data("application/json", {"chart": picture["chart"], "dark": picture["dark_config"]})
    return f'<div class="ck-figure">{images}{alive}</div>'


def _data(kind: str, value: Any) -> str:
    """Data for a script of the page. Within a script element nothing but its end is markup."""
    written = json.dumps(value).replace("<", "\\u003c")
    return f'<script type="{kind}">{written}</script>'


def _as_address(svg: str) -> str:
    """As an image of its own: the ids of two charts on a page must not be taken for each other's."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
