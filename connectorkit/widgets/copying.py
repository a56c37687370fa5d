"""Text to take away: a field that can be read and selected, and a button that copies it in the browser."""

from __future__ import annotations

import anywidget
import traitlets

# The text is set as a value, never as markup. Where a page may not use the clipboard (plain HTTP from another
# machine), the field is selected and the browser is asked the old way.
_ESM = """
function render({ model, el }) {
  el.classList.add("connectorkit-copy");
  const field = document.createElement("textarea");
  field.readOnly = true;
  field.rows = 8;
  field.spellcheck = false;
  field.wrap = "off";
  const button = document.createElement("button");
  button.type = "button";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const show = () => {
    field.value = model.get("text");
    field.setAttribute("aria-label", model.get("label"));
    button.textContent = "Copy";
    button.title = "Copy the text of: " + model.get("label");
    button.disabled = !model.get("text");
    said.textContent = "";
  };
  const copy = async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(field.value);
      done = true;
    } catch {
      field.focus();
      field.select();
      done = document.execCommand("copy");
    }
    said.textContent = done ? "Copied." : "Press Ctrl+C: the text is selected.";
  };
  button.addEventListener("click", copy);
  model.on("change:text", show);
  model.on("change:label", show);
  show();
  const row = document.createElement("div");
  row.append(button, said);
  el.append(field, row);
  return () => {
    model.off("change:text", show);
    model.off("change:label", show);
  };
}
export default { render };
"""
_CSS = """
.connectorkit-copy { width: 100%; }
.connectorkit-copy textarea {
  width: 100%; box-sizing: border-box; resize: vertical;
  font-family: var(--jp-code-font-family, monospace); font-size: 12px; line-height: 1.4; padding: 6px 8px;
  color: var(--jp-content-font-color1, CanvasText); background: var(--jp-layout-color1, Canvas);
  border: 1px solid var(--jp-border-color1, GrayText); border-radius: 3px;
}
.connectorkit-copy div { display: flex; align-items: center; gap: 10px; margin-top: 4px; }
.connectorkit-copy button {
  font-size: 13px; padding: 4px 14px; border-radius: 2px; cursor: pointer;
  color: var(--jp-ui-font-color1, ButtonText); background: var(--jp-layout-color2, ButtonFace);
  border: 1px solid var(--jp-border-color1, GrayText);
}
.connectorkit-copy button:disabled { cursor: default; opacity: 0.5; }
.connectorkit-copy textarea:focus-visible, .connectorkit-copy button:focus-visible {
  outline: 2px solid var(--jp-brand-color1, Highlight); outline-offset: 1px;
}
.connectorkit-copy span { color: var(--jp-content-font-color1, CanvasText); }
"""


class CopyBox(anywidget.AnyWidget):
    """A text that cannot be changed here, with a button that copies it without asking the kernel."""

    _esm = _ESM
    _css = _CSS
    text = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("Text").tag(sync=True)

    def __repr__(self) -> str:
        return f"<CopyBox: {self.label}, {len(self.text):,} characters>"
