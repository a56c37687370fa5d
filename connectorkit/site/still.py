"""Widgets as they were left, in plain HTML: what a reader sees where no script runs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

State = Mapping[str, Mapping[str, Any]]

_REFERENCE = "IPY_MODEL_"
_BOXES = {"BoxModel": "row", "HBoxModel": "row", "VBoxModel": "column", "GridBoxModel": "row"}
# Of a layout, what decides where things stand; the rest is for the moment when they can be moved.
_PLACING = ("flex_flow", "align_items", "justify_content", "max_height", "overflow", "flex", "width")


def reachable(state: State, root: str) -> set[str]:
    """The model of this id, and all that it refers to."""
    found: set[str] = set()
    waiting = [root]
    while waiting:
        name = waiting.pop()
        if name not in found and name in state:
            found.add(name)
            waiting += _references(state[name].get("state", {}))
    return found


def view(state: State, root: str) -> str:
    """A widget of a saved state, and all in it. What cannot be shown without scripts is said to be so."""
    model = state.get(root)
    if model is None:
        return _note("This was shown for a while only.")
    members = {**model.get("state", {}), **_bytes(model)}
    layout = _members(state, members.get("layout"))
    if layout.get("display") == "none" or layout.get("visibility") == "hidden":
        return ""
    name = str(model.get("model_name", ""))
    if name in _BOXES:
        parts = "".join(view(state, _id(child)) for child in members.get("children", ()))
        return f'<div class="ck-box ck-{_BOXES[name]}"{_placed(layout)}>{parts}</div>' if parts else ""
    if name in _FOLDED:
        return _FOLDED[name](state, members)
    shown = _PLAIN.get(name)
    if shown is None:
        return _note(f"{name.removesuffix('Model') or 'This'} needs scripts.")
    inner = shown(members)
    return f'<div class="ck-item"{_placed(layout)}>{inner}</div>' if inner else ""


def _bytes(model: Mapping[str, Any]) -> dict[str, bytes]:
    """Members that are bytes stand beside the others."""
    buffers = model.get("buffers") or ()
    return {one["path"][0]: base64.b64decode(one["data"]) for one in buffers if len(one["path"]) == 1}


def _references(value: Any) -> list[str]:
    if isinstance(value, str):
        return [_id(value)] if value.startswith(_REFERENCE) else []
    if isinstance(value, Mapping):
        return [name for member in value.values() for name in _references(member)]
    if isinstance(value, list):
        return [name for member in value for name in _references(member)]
    return []


def _id(reference: Any) -> str:
    return str(reference).removeprefix(_REFERENCE)


def _members(state: State, reference: Any) -> Mapping[str, Any]:
    members: Mapping[str, Any] = state.get(_id(reference), {}).get("state", {})
    return members


def _placed(layout: Mapping[str, Any]) -> str:
    rules = [f"{name.replace('_', '-')}: {layout[name]}" for name in _PLACING if layout.get(name)]
    return f' style="{escape("; ".join(rules))}"' if rules else ""


def _note(text: str) -> str:
    return f'<div class="ck-item ck-note">{escape(text)}</div>'


def _label(members: Mapping[str, Any], content: str) -> str:
    """A control with its name before it; the name of one that has none is what it tells of itself."""
    name = members.get("description") or ""
    if not name:
        return content
    return f'<span class="ck-control"><span class="ck-label">{escape(str(name))}</span>{content}</span>'


def _field(members: Mapping[str, Any]) -> str:
    value = members.get("value")
    empty = value in (None, "")
    shown = members.get("placeholder") or "\u200b" if empty else value
    kind = "ck-field ck-empty" if empty else "ck-field"
    return _label(members, f'<span class="{kind}">{escape(str(shown))}</span>')


def _password(members: Mapping[str, Any]) -> str:
    """Never what is in it."""
    return _field({**members, "value": ""})


def _button(members: Mapping[str, Any]) -> str:
    style = str(members.get("button_style") or "plain")
    text = members.get("description") or members.get("tooltip") or members.get("icon") or ""
    off = " ck-off" if members.get("disabled") else ""
    return f'<span class="ck-button ck-{escape(style)}{off}">{escape(str(text))}</span>'


def _pressed(members: Mapping[str, Any]) -> str:
    return _button({**members, "button_style": "primary" if members.get("value") else ""})


def _choice(members: Mapping[str, Any]) -> str:
    labels, index = members.get("_options_labels") or [], members.get("index")
    chosen = [index] if isinstance(index, int) else list(index or ())
    names = ", ".join(str(labels[place]) for place in chosen if 0 <= place < len(labels))
    return _label(members, f'<span class="ck-field ck-choice">{escape(names or "nothing chosen")}</span>')


def _buttons(members: Mapping[str, Any]) -> str:
    labels, chosen = members.get("_options_labels") or [], members.get("index")
    pressed = (
        _pressed({"description": label, "value": place == chosen}) for place, label in enumerate(labels)
    )
    return _label(members, "".join(pressed))


def _checkbox(members: Mapping[str, Any]) -> str:
    sign = "☑" if members.get("value") else "☐"
    return f'<span class="ck-control">{sign} {escape(str(members.get("description") or ""))}</span>'


def _slider(members: Mapping[str, Any]) -> str:
    value = members.get("value")
    words = " to ".join(map(str, value)) if isinstance(value, list) else str(value)
    return _label(members, f'<span class="ck-field">{escape(words)}</span>')


def _progress(members: Mapping[str, Any]) -> str:
    value, most = (escape(str(members.get(name, 0))) for name in ("value", "max"))
    return _label(members, f'<progress value="{value}" max="{most}">{value} of {most}</progress>')


def _html(members: Mapping[str, Any]) -> str:
    """What the kit's own module of markup has made, where every text is escaped."""
    return _label(members, str(members.get("value") or ""))


def _text(members: Mapping[str, Any]) -> str:
    return _label(members, f"<span>{escape(str(members.get('value') or ''))}</span>")


def _picture(members: Mapping[str, Any]) -> str:
    value, form = members.get("value"), escape(str(members.get("format") or "png"))
    if not isinstance(value, bytes) or not value:
        return ""
    data = base64.b64encode(value).decode()
    return f'<img src="data:image/{form};base64,{data}" alt="{escape(str(members.get("alt") or "picture"))}">'


def _titled(state: State, members: Mapping[str, Any]) -> str:
    """Tabs and accordions: all of it, one below the other, each under its title."""
    titles = members.get("titles") or []
    parts = []
    for place, child in enumerate(members.get("children", ())):
        title = str(titles[place]) if place < len(titles) and titles[place] else f"Part {place + 1}"
        parts.append(f"<details open><summary>{escape(title)}</summary>{view(state, _id(child))}</details>")
    return f'<div class="ck-box ck-column">{"".join(parts)}</div>'


def _captured(state: State, members: Mapping[str, Any]) -> str:
    """What an output widget holds, as text."""
    texts = []
    for output in members.get("outputs", ()):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        texts.append("".join(text))
    return f"<pre>{escape(chr(10).join(texts))}</pre>" if texts else ""


_FOLDED: dict[str, Callable[[State, Mapping[str, Any]], str]] = {
    **dict.fromkeys(("TabModel", "AccordionModel", "StackModel"), _titled),
    "OutputModel": _captured,
}
_PLAIN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("TextModel", "TextareaModel", "ComboboxModel"), _field),
    **dict.fromkeys(
        ("IntTextModel", "BoundedIntTextModel", "FloatTextModel", "BoundedFloatTextModel"), _field
    ),
    **dict.fromkeys(("DatePickerModel", "TimePickerModel", "ColorPickerModel"), _field),
    "PasswordModel": _password,
    **dict.fromkeys(("ButtonModel", "FileUploadModel"), _button),
    "ToggleButtonModel": _pressed,
    **dict.fromkeys(("DropdownModel", "SelectModel", "SelectMultipleModel", "RadioButtonsModel"), _choice),
    "ToggleButtonsModel": _buttons,
    **dict.fromkeys(("SelectionSliderModel", "SelectionRangeSliderModel"), _choice),
    **dict.fromkeys(("CheckboxModel", "ValidModel"), _checkbox),
    **dict.fromkeys(("IntSliderModel", "FloatSliderModel", "IntRangeSliderModel"), _slider),
    **dict.fromkeys(("FloatRangeSliderModel", "FloatLogSliderModel", "PlayModel"), _slider),
    **dict.fromkeys(("IntProgressModel", "FloatProgressModel"), _progress),
    **dict.fromkeys(("HTMLModel", "HTMLMathModel"), _html),
    "LabelModel": _text,
    "ImageModel": _picture,
}
