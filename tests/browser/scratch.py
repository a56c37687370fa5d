"""A notebook of a test's own in the running JupyterLab, in the theme and at the width it asks for."""

from __future__ import annotations

import json
import uuid
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page, expect

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (1280, 768)
_SETTINGS = "/lab/api/settings/@jupyterlab/apputils-extension:themes"


def open_scratch(page: Page, lab_address: str, cells: list[str], *, theme: str, width: int) -> None:
    """Write the cells, open them with the side bar closed, and run them all."""
    address = urlsplit(lab_address)
    name = f"{uuid.uuid4().hex[:8]}.ipynb"
    made = [
        {"cell_type": "code", "metadata": {}, "source": cell, "outputs": [], "execution_count": None}
        for cell in cells
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    notebook = {"cells": made, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
    token = address.query.removeprefix("token=")
    with httpx.Client(
        base_url=f"http://{address.netloc}", headers={"Authorization": f"token {token}"}, trust_env=False
    ) as http:
        content = {"type": "notebook", "format": "json", "content": notebook}
        http.put(f"/api/contents/{name}", json=content).raise_for_status()
        raw = json.dumps({"theme": THEMES[theme]})
        http.put(_SETTINGS, json={"raw": raw}).raise_for_status()
    page.set_viewport_size({"width": width, "height": 1200})
    page.goto(lab_address.format(notebook=name) + "&reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())
    _idle(page)
    if page.locator(".jp-SideBar .lm-TabBar-tab.lm-mod-current").count():
        page.keyboard.press("Control+b")
    _run_all(page)
    for waits in ("[*]", "[ ]"):
        prompts = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt", has_text=waits)
        expect(prompts).to_have_count(0)
    _idle(page)
    expect(page.locator(".jp-OutputArea-output[data-mime-type*='error']")).to_have_count(0)


def _run_all(page: Page) -> None:
    """On a busy machine JupyterLab now and then has no kernel yet when it says so, and asks for one."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    asks = page.locator(".jp-Dialog .jp-mod-accept")
    first = page.locator(".jp-Notebook .jp-CodeCell .jp-InputPrompt").first
    for _ in range(200):
        if asks.count():
            asks.click()
        if first.inner_text().strip() != "[ ]:":
            return
        page.wait_for_timeout(200)


def outside_requests(page: Page) -> list[str]:
    """A list that fills with every address asked for that is not of this machine."""
    asked: list[str] = []

    def heard(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in (
            "127.0.0.1",
            "localhost",
        ):
            asked.append(url)

    page.on("request", lambda request: heard(request.url))
    return asked


def _idle(page: Page) -> None:
    """The kernel is there and waits. A narrow window hides the name, not the title of its status."""
    expect(
        page.locator(".jp-NotebookPanel .jp-Notebook-ExecutionIndicator[data-status='idle']")
    ).to_be_attached()
