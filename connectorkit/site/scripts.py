"""The scripts that bring charts and widgets of a page to life, taken from the packages that are installed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path


def write(folder: Path) -> None:
    """Write ``vega.js`` and ``jupyter-widgets.js``, where they are not there already, into a folder for Sphinx."""
    import vl_convert

    folder.mkdir(parents=True, exist_ok=True)
    # What it is made of are names at the top, which would stand in the way of other scripts of a page.
    vega = f"(() => {{\n{vl_convert.javascript_bundle()}\n}})();\n"
    (folder / "vega.js").write_text(vega, encoding="utf-8")
    for name, package, path in _BROUGHT:
        script = importlib.resources.files(package).joinpath(path).read_text(encoding="utf-8")
        (folder / name).write_text(script, encoding="utf-8")


_BROUGHT = (
    ("jupyter-widgets.js", "widgetsnbextension", "static/extension.js"),
    ("anywidget.js", "anywidget", "nbextension/index.js"),
)
