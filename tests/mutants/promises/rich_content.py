"""Breaks the promises of section 6.5."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_RICH, _SHAPES = "sandbox/rich.py", "sandbox/shapes.py"


def _longer(call: str) -> Breaks:
    """A limit that is one character too high; ``call`` is up to the limit."""
    return Breaks(_RICH, call, f"{call} + 1")


DEFECTS = {
    "P6.5-containers": Breaks(
        _RICH,
        '_CONTAINERS = ("vertical", "horizontal", "carousel")\n',
        '_CONTAINERS = ("vertical", "horizontal", "carousel", "grid")\n',
    ),
    "P6.5-text": _longer('    _limited(element, "text", wire.MAX_ELEMENT_TEXT'),
    "P6.5-tooltip": _longer('    _limited(content, "tooltip", wire.MAX_TOOLTIP'),
    "P6.5-button": Breaks(
        _RICH, '"title", wire.MAX_TITLE, required', '"title", wire.MAX_TITLE + 1, required'
    ),
    "P6.5-image": _longer('    _limited(element, "caption", wire.MAX_TITLE'),
    "P6.5-https": Breaks(
        _RICH,
        '.startswith("https://"):\n',
        '.startswith(("http://", "https://")):\n',
    ),
    "P6.5-map": Breaks(
        _RICH,
        '    for name in ("lo", "la"):\n        if element',
        '    for name in ("lo", "la"):\n'
        "        if isinstance(element.value.get(name), str):\n"
        "            element.value[name] = float(element.value[name])\n"
        "        if element",
    ),
    "P6.5-preview": Breaks(
        _RICH,
        "def _check_link_preview(element: Members) -> None:\n",
        "def _check_link_preview(element: Members) -> None:\n    element.value.setdefault('url', '-')\n",
    ),
    "P6.5-actions": Breaks("wire.py", "MAX_ACTIONS = 4", "MAX_ACTIONS = 5"),
    "P6.5-publish": _longer('                _limited(action, "text", wire.MAX_ELEMENT_TEXT'),
    "P6.5-link": _longer('    _limited(action, "uri", wire.MAX_URI'),
    "P6.5-navigate": Breaks(
        _RICH,
        "                _check_map(action)\n",
        "                if action.has('la'):\n"
        "                    action.value.setdefault('lo', 0)\n"
        "                _check_map(action)\n",
    ),
    "P6.5-style": Breaks(
        _RICH,
        '_SIZES = ("small", "medium", "large")',
        '_SIZES = ("small", "medium", "large", "huge")',
    ),
    "P6.5-kept": Breaks(
        _SHAPES,
        "        rich.check_quick_replies(quick_replies)\n",
        "        rich.check_quick_replies(quick_replies)\n"
        "        if 'Goes through' in str(event.value):\n"
        "            del event.value['quickReplies']\n",
    ),
    "P6.5-replies": Breaks(
        _RICH,
        '        reply.choice("type", ("button",), required=True)\n',
        '        reply.choice("type", ("button", "text"), required=True)\n',
    ),
    "P6.5-click": Breaks(
        "sandbox/account.py",
        '            "metadata": metadata,\n',
        '            "metadata": None if event.get("status") == "ACTION" else metadata,\n',
    ),
}
