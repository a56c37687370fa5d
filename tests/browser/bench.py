"""A person in JupyterLab: a notebook is opened and run, and its panels are found, worked and looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nbformat
import pytest
from playwright.sync_api import Locator, Page, expect

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (1280, 768)
# What looks the same in every theme or at every width need not be tried in all of them.
EACH = pytest.mark.parametrize(("theme", "width"), [(theme, width) for theme in THEMES for width in WIDTHS])
TWICE = pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 768)])
HOSTILE = "</script><script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
_TURNED = '"\\u202eabc\\u200b\\u2066" + "w" * 400'
HOSTILE_CELL = f"hostile = {HOSTILE!r} + {_TURNED}"

_PROMPTS = ".jp-Notebook .jp-CodeCell .jp-InputPrompt"
_NEVER_RAN, _RUNNING = "[ ]", "[*]"
_RAN = re.compile(r"\d")


class Bench:
    """JupyterLab at one page, with one notebook."""

    def __init__(self, address: str, page: Page) -> None:
        self._address, self.page = address, page
        self.outside = outside_requests(page)

    def open(self, *cells: str, button: str) -> Locator:
        """Write these cells and run them; the panel is what has this button. The last may still run."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
        self._ask("PUT", "api/contents/scratch.ipynb", json={"type": "notebook", "content": made})
        self.open_notebook("scratch.ipynb")
        if self.page.locator(".jp-SideBar .lm-TabBar-tab.lm-mod-current").count():
            self.page.keyboard.press("Control+b")  # the list of files takes a third of a narrow window
        self._run()
        panel = self.panel(button)
        expect(panel).to_be_visible()
        return panel

    def open_notebook(self, name: str) -> None:
        """Its kernel is started first: JupyterLab asks for one now and then while it starts its own."""
        kernel = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
        self._ask("POST", "api/sessions", json=kernel)
        self.page.goto(self._address.format(notebook=name) + "&reset")
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        self._idle()

    def run_all(self) -> None:
        """Run every cell, and wait for the end; numbers of an earlier run would look as if it were there."""
        self.menu("Edit", "Clear Outputs of All Cells")
        self._run()
        self.wait()

    def arrive(self) -> None:
        """Go where the command sends a browser, and wait for the word Idle, as the text there asks one to."""
        parts = urlsplit(self._address)
        self.page.goto(f"{parts.scheme}://{parts.netloc}/?{parts.query}")
        self.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        expect(self.page.locator("#jp-main-statusbar").get_by_text("| Idle")).to_be_visible()
        # JupyterLab drops what is run within the same moment; no hand is as quick as that.
        self.page.wait_for_timeout(2000)

    def write_first(self, source: str) -> Locator:
        """Write this over the first cell, which has the cursor then."""
        cell = self.page.locator(".jp-CodeCell .cm-content").first
        cell.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)
        return cell

    def run_first(self, source: str) -> None:
        """Write this over the first cell and run it."""
        self.write_first(source)
        self.page.keyboard.press("Control+Enter")

    def wait(self) -> None:
        """Every code cell has a number, the kernel is idle, and no cell has failed or complained."""
        for waits in (_RUNNING, _NEVER_RAN):
            expect(self.page.locator(_PROMPTS, has_text=waits)).to_have_count(0)
        self._idle()
        expect(self.page.locator(".jp-OutputArea-output[data-mime-type*='error']")).to_have_count(0)
        expect(self.page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)

    def menu(self, menu: str, item: str) -> None:
        """Choose from the menus of JupyterLab."""
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        self.page.get_by_role("menuitem", name=item, exact=True).click()

    def panel(self, button: str) -> Locator:
        """The output that has this button."""
        has = self.page.get_by_role("button", name=button, exact=True)
        return self.page.locator(".jp-OutputArea-output").filter(has=has)

    def shoot(self, panel: Locator, path: Path) -> None:
        """A picture of the window with the panel on top, after the looks that hold for every panel."""
        panel.evaluate("one => one.scrollIntoView()")
        self.page.screenshot(path=path)
        self.look(panel)

    def look(self, panel: Locator) -> None:
        """The panel is not wider than its place, ran nothing it shows, and fetched nothing from elsewhere."""
        assert panel.evaluate("one => one.scrollWidth <= one.clientWidth + 1"), "wider than its place"
        assert "run" not in self.page.title().split()
        assert self.outside == []

    def choose_theme(self, name: str) -> None:
        """For the next page."""
        raw = json.dumps({"theme": THEMES[name]})
        self._ask("PUT", "lab/api/settings/@jupyterlab/apputils-extension:themes", json={"raw": raw})

    def end_kernels(self) -> None:
        """Each has a sandbox, which the next test need not share the machine with."""
        for session in self._ask("GET", "api/sessions").json():
            self._ask("DELETE", f"api/sessions/{session['id']}")

    def _run(self) -> None:
        """On a busy machine JupyterLab now and then drops what was chosen before the kernel answered."""
        prompts = self.page.locator(_PROMPTS)
        for _ in range(5):
            if self.page.locator(".jp-Dialog").count():  # which kernel: the one that was started
                self.page.locator(".jp-Dialog button.jp-mod-accept").click()
            self.menu("Run", "Run All Cells")
            for _ in range(25):
                if any(_RAN.search(prompt) for prompt in prompts.all_inner_texts()):
                    return
                self.page.wait_for_timeout(200)
            if any(_RUNNING in prompt for prompt in prompts.all_inner_texts()):
                return  # what takes long was not dropped
        pytest.fail("JupyterLab ran no cell")

    def _idle(self) -> None:
        """The kernel is there and waits. A narrow window hides these words, and more so the mark of it."""
        expect(self.page.get_by_text("Python 3 (ipykernel) | Idle").first).to_be_attached()

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        parts = urlsplit(self._address)
        headers = {"Authorization": f"token {parts.query.removeprefix('token=')}"}
        url = f"{parts.scheme}://{parts.netloc}/{path}"
        answer = httpx.request(method, url, headers=headers, trust_env=False, timeout=60, **more)
        return answer.raise_for_status()


def outside_requests(page: Page) -> list[str]:
    """A list that fills with every address asked for that is not of this machine."""
    asked: list[str] = []

    def heard(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            asked.append(url)

    page.on("request", lambda request: heard(request.url))
    return asked
