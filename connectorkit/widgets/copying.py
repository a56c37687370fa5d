"""Text to take away: a field that can be read and selected, and a button that copies it in the browser."""

from __future__ import annotations

import anywidget
import ipywidgets

from connectorkit import markup

# The button keeps nothing and is told nothing: it copies what stands in the field beside it. A widget of this
# kind that takes more than two seconds to load hears no change of its state, and would copy an older text.
# Where a page may not use the clipboard (plain HTTP from another machine), the browser is asked the old way.
_ESM = """
function render({ el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button";
  button.textContent = "Copy";
  button.title = "Copy the text above";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  said.style.cssText = "margin-left: 10px; color: var(--jp-content-font-color1, CanvasText)";
  button.addEventListener("click", async () => {
    const field = el.closest(".connectorkit-copy")?.querySelector("textarea");
    if (!field) return;
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
    setTimeout(() => { said.textContent = ""; }, 5000);
  });
  el.append(button, said);
}
export default { render };
"""


class CopyButton(anywidget.AnyWidget):
    """Copies what stands in the field of the box it is in, without asking the kernel."""

    _esm = _ESM


class CopyBox(ipywidgets.VBox):  # type: ignore[misc]
    """A text that cannot be changed here, and a button that copies it."""

    def __init__(self) -> None:
        self.text, self.label = "", ""
        self._field = ipywidgets.HTML(layout=ipywidgets.Layout(width="auto"))
        self._button = CopyButton()
        super().__init__([self._field, self._button])
        self.add_class("connectorkit-copy")

    def show(self, label: str, text: str) -> None:
        """Show a text under a label; without a text there is only the label."""
        if (label, text) != (self.label, self.text):
            self.label, self.text = label, text
            self._field.value = markup.field(label, text) if text else markup.note(label)
            self._button.layout.display = "" if text else "none"

    def __repr__(self) -> str:
        return f"<CopyBox: {self.label}, {len(self.text):,} characters>"
