"""JupyterLab with a notebook of a test's own, in a theme and at a width."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nbformat
from playwright.sync_api import Browser, Locator, Page, expect

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
_TURNED = '"\\u202eabc\\u200b\\u2066" + "w" * 400'
HOSTILE_CELL = f"hostile = {HOSTILE!r} + {_TURNED}"


class Bench:
    """Writes a notebook, runs it, and finds the panel in it."""

    def __init__(self, address: str, name: str, page: Page, outside: list[str]) -> None:
        self._address, self._name = address, name
        self.page, self.outside = page, outside

    def open(self, button: str, *cells: str) -> Locator:
        """Run these cells; the panel is what has this button. The last cell may still be running."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        self._ask("PUT", f"api/contents/{self._name}", json={"type": "notebook", "content": notebook})
        self.page.goto(self._address.format(notebook=self._name) + "&reset")
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        self.wait()
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        has = self.page.get_by_role("button", name=button, exact=True)
        panel = self.page.locator(".jp-OutputArea-output").filter(has=has)
        expect(panel).to_be_visible()
        return panel

    def wait(self) -> None:
        """Until the kernel rests, with no cell waiting and none failed."""
        expect(self.page.locator(".jp-CodeCell .jp-InputPrompt", has_text="[*]")).to_have_count(0)
        expect(self.page.get_by_text("Python 3 (ipykernel) | Idle").first).to_be_visible()
        expect(self.page.locator("[data-mime-type*='error']")).to_have_count(0)

    def shoot(self, panel: Locator, path: Path) -> None:
        """A picture of the panel, which must not be wider than its place, nor have run what it shows."""
        panel.scroll_into_view_if_needed()
        panel.screenshot(path=path)
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth + 1"), "wider than its place"
        assert "run" not in self.page.title().split()
        assert self.outside == []

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        parts = urlsplit(self._address)
        headers = {"Authorization": f"token {parts.query.removeprefix('token=')}"}
        url = f"{parts.scheme}://{parts.netloc}/{path}"
        answer = httpx.request(method, url, headers=headers, trust_env=False, timeout=60, **more)
        return answer.raise_for_status()

    def choose_theme(self, name: str) -> None:
        """For the next page."""
        raw = json.dumps({"theme": THEMES[name]})
        self._ask("PUT", "lab/api/settings/@jupyterlab/apputils-extension:themes", json={"raw": raw})

    def end_kernels(self) -> None:
        """Each has a sandbox, which the next test need not share the machine with."""
        for session in self._ask("GET", "api/sessions").json():
            self._ask("DELETE", f"api/sessions/{session['id']}")


@contextmanager
def bench(browser: Browser, address: str, name: str, theme: str, width: int) -> Iterator[Bench]:
    """A page of that width, in that theme, that counts requests to elsewhere."""
    context = browser.new_context(viewport={"width": width, "height": 1000})
    context.set_default_timeout(120_000)
    page, outside, host = context.new_page(), list[str](), urlsplit(address).netloc

    def look(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
            outside.append(url)

    page.on("request", lambda request: look(request.url))
    made = Bench(address, name, page, outside)
    made.choose_theme(theme)
    try:
        yield made
    finally:
        context.close()
        made.end_kernels()
