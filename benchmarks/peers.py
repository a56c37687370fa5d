"""The tools that the kit is measured against: ``python benchmarks/peers.py`` installs them in a minute.

They go into a folder of their own, never among the kit's dependencies: ``~/.cache/connectorkit-peers``, or
what the variable ``CONNECTORKIT_PEERS`` names. wrk is a package of the operating system.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ.get("CONNECTORKIT_PEERS") or Path.home() / ".cache" / "connectorkit-peers")
_NODE, _PYTHON = FOLDER / "node", FOLDER / "python"
_NODE_PACKAGES = ("@stoplight/prism-cli", "@mockoon/cli")
_PYTHON_PACKAGES = ("locust", "aiohttp", "httpx-aiohttp")
_WRK = "Install wrk, for example with `apt-get install wrk` or `brew install wrk`, so that it is on PATH."


class Missing(Exception):
    """A peer is not installed; the message says what to do."""


def main() -> None:
    """Install what is missing, bring the rest up to date, and say what there is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if npm := shutil.which("npm"):
        _NODE.mkdir(exist_ok=True)
        quiet = ("--no-fund", "--no-audit", "--loglevel", "error")
        subprocess.run([npm, "install", *quiet, "--prefix", _NODE, *_NODE_PACKAGES], check=True)
    else:
        print("npm is not on PATH, so Prism and Mockoon cannot be installed. Install Node.js first.")
    if not python().exists():
        subprocess.run([sys.executable, "-m", "venv", _PYTHON], check=True)
    subprocess.run([python(), "-m", "pip", "install", "--quiet", "--upgrade", *_PYTHON_PACKAGES], check=True)
    if shutil.which("wrk") is None:
        print(_WRK)
    print(f"In {FOLDER}: {versions()}")


def python() -> Path:
    """The interpreter that has Locust, aiohttp and httpx-aiohttp."""
    return _PYTHON / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def locust() -> str:
    """Where Locust's command is. Raises ``Missing``."""
    found = python().with_name("locust.exe" if os.name == "nt" else "locust")
    if not found.exists():
        raise Missing("Locust is not installed. Run `python benchmarks/peers.py` first.")
    return str(found)


def node(command: str) -> Path:
    """The command of a Node package: ``prism`` or ``mockoon-cli``. Raises ``Missing``."""
    found = _NODE / "node_modules" / ".bin" / command
    if not found.exists():
        raise Missing(f"{command} is not installed. Run `python benchmarks/peers.py` first.")
    return found


def wrk() -> str:
    """Where wrk is. Raises ``Missing``."""
    found = shutil.which("wrk")
    if found is None:
        raise Missing(f"wrk is not on PATH. {_WRK}")
    return found


def versions() -> str:
    """Of all that are installed."""
    found = (
        {name: _node_version(name) for name in _NODE_PACKAGES} | _python_versions() | {"wrk": _wrk_version()}
    )
    return ", ".join(f"{name} {version}" for name, version in found.items() if version)


def _node_version(package: str) -> str:
    file = _NODE / "node_modules" / package / "package.json"
    return str(json.loads(file.read_text(encoding="utf-8"))["version"]) if file.exists() else ""


def _python_versions() -> dict[str, str]:
    if not python().exists():
        return {}
    code = (
        "import importlib.metadata as m, json, sys\n"
        "there = {d.name.lower(): d.version for d in m.distributions()}\n"
        "print(json.dumps({n: there[n] for n in sys.argv[1:] if n in there}))"
    )
    done = subprocess.run([python(), "-c", code, *_PYTHON_PACKAGES], capture_output=True, check=True)
    versions: dict[str, str] = json.loads(done.stdout)
    return versions


def _wrk_version() -> str:
    if shutil.which("wrk") is None:
        return ""
    said = subprocess.run([wrk(), "-v"], capture_output=True, text=True).stdout.split()
    return said[1] if len(said) > 1 else "of an unknown version"


if __name__ == "__main__":
    main()
