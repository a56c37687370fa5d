"""The scripts that bring charts and widgets of a page to life, taken from the packages that are installed."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any


def write(folder: Path) -> None:
    """Write ``vega.js``, ``jupyter-widgets.js`` and ``anywidget.js`` into a folder for Sphinx."""
    import vl_convert

    folder.mkdir(parents=True, exist_ok=True)
    bundle: Any = vl_convert.javascript_bundle  # its stub wants an argument that it can do without
    # What it is made of are names at the top, which would stand in the way of other scripts of a page.
    vega = f"(() => {{\n{bundle()}\n}})();\n"
    (folder / "vega.js").write_text(vega, encoding="utf-8")
    for name, package, path in _BROUGHT:
        script = importlib.resources.files(package).joinpath(path).read_text(encoding="utf-8")
        (folder / name).write_text(script, encoding="utf-8")


_BROUGHT = (
    ("jupyter-widgets.js", "widgetsnbextension", "static/extension.js"),
    ("anywidget.js", "anywidget", "nbextension/index.js"),
)
