"""Imports point one way: each layer imports from those above it, and third-party packages where listed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectorkit

PACKAGE = Path(connectorkit.__file__).parent

# From top to bottom. A module may import from layers above its own, and from its own layer.
LAYERS: tuple[tuple[set[str], set[str]], ...] = (
    ({"wire"}, set()),
    (
        {"texts", "errors", "forms", "hiding", "values", "redact", "markup", "hosts"}
        # the log
        | {"records", "summary", "schema", "rows", "logfile", "log", "upkeep"},
        set(),
    ),
    ({"certificates"}, {"trustme", "cryptography"}),
    ({"parting", "bounded", "serving"}, {"uvicorn", "httptools"}),
    (
        {
            "checks",
            "choosing",
            "spreading",
            "latency",
            "operations",
            "replies",
            "memory",
            "unsettled",
            "alterations",
            "signature",
            "bytewise",
            "laboratory",
        }
        # builders
        | {"envelope", "envelopes", "publishing", "updating", "properties", "sdes", "content", "rich"}
        # readers
        | {"pairs", "notices", "words", "causes", "masking"}
        # raw requests, as they are typed
        | {"documented", "vetting", "completing"},
        set(),
    ),
    ({"pictures", "files"}, {"PIL"}),
    ({"progress"}, {"rich"}),
    ({"histograms"}, {"numpy", "hdrh"}),
    ({"settings"}, {"dotenv", "platformdirs"}),
    (
        {
            "tokens",
            "transport",
            "connections",
            "http11",
            "framing",
            "calls",
            "recording",
            "stopwatch",
            "proxies",
            "bodies",
            "credentials",
            "auth",
            "network",
            "retries",
            "waiting",
            "control",
            "steering",
        }
        | {"journey", "steps", "conversations", "base_client", "client", "async_client"}
        | {"handlers", "webhook", "receiver"},
        {"httpx", "httptools", "jwt"},
    ),
    (
        {"catalogue", "scenarios", "promises", "explore"} | {"doctor", "replay", "remaking", "grading"},
        {"httpx", "hypothesis"},
    ),
    ({"load"}, {"httpx", "httptools", "numpy"}),
    (
        {"tables", "columns", "mirror", "frames", "tally", "timeline", "sql", "exploration", "load_report"}
        | {"finding", "expected"}
        | {"drawing", "distributions", "views", "views_latency", "views_time"},
        {"pandas", "numpy", "pyarrow", "duckdb", "altair", "vl_convert"},
    ),
    ({"comparing", "paths"}, {"pandas", "numpy", "altair"}),
    ({"sharing"}, {"harfile", "httpx", "pyarrow"}),
    ({"widgets"}, {"ipywidgets", "anywidget", "traitlets", "pandas", "httpx", "IPython"}),
    (
        {
            "response_log",
            "timed_log",
            "lease",
            "experiments",
            "kit",
            "connecting",
            "course",
            "site",
            "foreground",
            "grader",
            "explorer",
            "loader",
            "magic",
            "cli",
            "__init__",
            "__main__",
        },
        {"click", "rich", "nbformat", "nbclient", "nbconvert", "pygments", "pandas", "IPython", "vl_convert"},
    ),
)
SANDBOX_THIRD_PARTY = {"starlette", "uvicorn", "httpx", "anyio", "jwt", "cryptography"}
SANDBOX_SHARES = {"sandbox", "wire", "signature", "parting", "bounded", "serving", "certificates"}
FACE = LAYERS[-1][0]


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file, as a dotted name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "connectorkit":
                yield from (f"connectorkit.{alias.name}" for alias in node.names)
            else:
                yield node.module or ""


def unit(path: Path) -> str:
    """A module's name in the table: the first part below the package."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_up(path: Path) -> None:
    name = unit(path)
    rank = next((i for i, (names, _) in enumerate(LAYERS) if name in names), None)

    for imported in imports(path):
        root, _, rest = imported.partition(".")
        if root in sys.stdlib_module_names:
            continue
        if name == "sandbox":
            allowed = root in SANDBOX_THIRD_PARTY or rest.split(".")[0] in SANDBOX_SHARES
            assert allowed, f"the sandbox imports {imported}"
            continue
        assert rank is not None, f"{name} is in no layer"
        if root != "connectorkit":
            allowed_here = LAYERS[rank][1]
            assert root in allowed_here, f"{name} imports {root}"
            continue
        target = rest.split(".")[0] or "__init__"
        if target == "sandbox":
            assert name in FACE, f"{name} imports the sandbox"
            continue
        target_rank = next(i for i, (names, _) in enumerate(LAYERS) if target in names)
        assert target_rank <= rank, f"{name} imports {target}, which stands below it"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_stay_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 330


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = "import json, sys, connectorkit; print(json.dumps(sorted(sys.modules)))"

    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    roots = {name.partition(".")[0] for name in loaded}
    assert "connectorkit" in roots
    assert roots.isdisjoint({"pandas", "numpy", "ipywidgets", "starlette", "uvicorn", "altair", "IPython"})


def test_connecting_and_sending_loads_neither_pandas_nor_widgets_nor_the_sandbox() -> None:
    code = (
        "import json, sys, connectorkit as ck\n"
        "with ck.connect(log=':memory:') as kit: kit.consumer('a').open(text='Hello')\n"
        "print(json.dumps(sorted(sys.modules)))"
    )

    loaded = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)

    roots = {name.partition(".")[0] for name in loaded}
    assert roots.isdisjoint({"pandas", "numpy", "ipywidgets", "starlette", "PIL"})


@pytest.mark.parametrize("name", connectorkit.__all__)
def test_public_names_exist(name: str) -> None:
    assert getattr(connectorkit, name) is not None


def test_public_names_are_sorted_and_listed() -> None:
    assert list(connectorkit.__all__) == sorted(connectorkit.__all__)
    assert set(connectorkit.__all__) <= set(dir(connectorkit))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = connectorkit.nonsense
