"""An extension of IPython for kernels whose outputs become pages: charts bring both themes and their data."""

from __future__ import annotations

import json
from typing import Any

PICTURE = "application/vnd.connectorkit.picture+json"


def load_ipython_extension(shell: Any) -> None:
    """Show charts so that a page may choose: as svg for a light and a dark page, or alive."""
    formatter = shell.display_formatter.mimebundle_formatter
    formatter.for_type_by_name("connectorkit.drawing", "Picture", _bundle)


def _bundle(picture: Any, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    dark = picture.dark()
    chart = json.loads(picture.chart.to_json())
    return {
        PICTURE: {
            "description": picture.description,
            "light": picture.svg(),
            "dark": dark.svg(),
            "chart": chart,
            # The two differ in nothing else; the data need not be there twice.
            "dark_config": json.loads(dark.chart.to_json()).get("config", {}),
        },
        "text/plain": repr(picture),
    }
