"""JupyterLab on a copy of the notebooks, and an installed Chromium or Chrome to open it with."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from . import axe as axe_core
from .bench import THEMES, Bench
from .listening import Listening

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "artefacts"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)
_QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def installed_browser() -> str | None:
    """The path of a Chromium or Chrome on this machine."""
    found = (shutil.which(name) for name in _NAMES)
    places = (place for place in _PLACES if Path(place).exists())
    return next((path for path in (*found, *places) if path), None)


# Module scope: while Playwright runs, its event loop occupies the thread, and other tests need their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = installed_browser()
    if path is None:
        how = "Browser tests need Chromium or Chrome. Install one, e.g. with: sudo apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(how)
        pytest.skip(how)
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def lab_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of JupyterLab, started by the project's own command; token included."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    command = [sys.executable, "-m", "connectorkit", "lab", "--notebooks", str(folder / "notebooks")]
    options = [
        "--no-browser",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
    ]
    environment = os.environ | {
        "CONNECTORKIT_LOG": str(folder / "log.sqlite3"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
    }
    with (folder / "jupyter.log").open("wb") as output:
        process = subprocess.Popen(
            [*command, *options], env=environment, stdout=output, stderr=output, start_new_session=True
        )
        base = f"http://127.0.0.1:{port}"
        try:
            _wait_until_up(base, process, folder / "jupyter.log")
            yield f"{base}/lab/tree/{{notebook}}?token={token}"
        finally:
            process.terminate()
            process.wait(timeout=30)


@pytest.fixture
def theme() -> str:
    """Unless a test asks for others."""
    return next(iter(THEMES))


@pytest.fixture
def width() -> int:
    """Of the window, unless a test asks for others."""
    return 1280


@pytest.fixture
def lab(browser: Browser, lab_address: str, theme: str, width: int) -> Iterator[Bench]:
    """A page at JupyterLab with a kernel of its own."""
    context = browser.new_context(viewport={"width": width, "height": 1000})
    context.set_default_timeout(60_000)
    bench = Bench(lab_address, context.new_page())
    bench.choose_theme(theme)
    yield bench
    context.close()
    bench.end_kernels()


@pytest.fixture(scope="session")
def axe() -> axe_core.Axe:
    """What looks for barriers, fetched where it is not there yet; a registry out of reach stops no run."""
    try:
        return axe_core.Axe(axe_core.script())
    except axe_core.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def listening(browser: Browser) -> Iterator[Listening]:
    """A page that notes what runs on it and what it asks for."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(60_000)
    yield Listening(context.new_page())
    context.close()


@pytest.fixture
def screenshots() -> Path:
    ARTEFACTS.mkdir(exist_ok=True)
    return ARTEFACTS


def _wait_until_up(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{base}/api", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)  # polling for the server to listen
    pytest.fail(f"JupyterLab did not start: {log.read_text()}")
