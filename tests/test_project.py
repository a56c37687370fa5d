"""What stands around the code: README, environment, changelog, and the checks of the code itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from connectorkit.cli import main
from connectorkit.sandbox.control import DOES_NOT_IMITATE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_environment_yml_lists_what_pyproject_lists(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    named = (*extras["docs"], *extras["lab"], *extras["site"])
    wanted = [Requirement(r) for r in (*project["dependencies"], *named)]
    expected = {canonicalize_name(r.name): str(r.specifier) for r in wanted if r.name != "connectorkit"}

    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

    conda = [Requirement(entry) for entry in environment["dependencies"] if isinstance(entry, str)]
    listed = {canonicalize_name(r.name): str(r.specifier) for r in conda}
    assert listed.pop("python") == project["requires-python"]
    del listed["pip"]
    assert listed.pop("cryptography") == "", "PyJWT[crypto] in conda's spelling"
    assert listed == expected
    pip = next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))
    assert pip == ["--editable .[lab,test]"]


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    start, end = text.index("dependencies = ["), text.index("test = [")

    bare = [
        line
        for line in text[start:end].splitlines()
        if line.strip().startswith('"') and "#" not in line and "connectorkit[" not in line
    ]

    assert bare == []


def test_readme_example_prints_what_it_says(tmp_path: Path) -> None:
    first, second, third, fourth = blocks("python")
    exchanges, timeline, counts, errors = blocks("text")
    environment = {"CONNECTORKIT_LOG": str(tmp_path / "log.sqlite3"), "PATH": ""}

    result = subprocess.run(
        [sys.executable, "-c", f"{first}print()\n{second}kit.close()\nprint()\n{third}print()\n{fourth}"],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )

    assert result.stderr == ""
    printed, told, counted, provoked = result.stdout.split("\n\n")
    assert (printed + "\n", counted + "\n", provoked) == (exchanges, counts, errors)
    # What takes no number stands by the time it came, which is not the same in every run.
    assert sorted(told.splitlines()) == sorted(timeline.splitlines())
    assert (
        json.loads((tmp_path / "checkout.har").read_text())["log"]["entries"][-1]["request"]["_operation"]
        == "send"
    )


@pytest.mark.skipif(not shutil.which("curl") or not shutil.which("bash"), reason="needs bash and curl")
def test_readme_shell_client_goes_all_the_way(tmp_path: Path) -> None:
    (script,) = [block for block in blocks("bash") if "curl" in block]
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}

    result = subprocess.run(
        ["bash", "-e", "-c", script],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=60,
    )

    assert (result.returncode, result.stderr) == (0, "")
    answers = [json.loads(line) for line in result.stdout.splitlines() if line]
    assert [answer["code"] for answer in answers] == ["OK", "OK", "OK"]
    assert (tmp_path / "back.gif").read_bytes().startswith(b"GIF87a")


def test_readme_has_the_two_commands_and_ci_runs_the_second() -> None:
    lab, tests = blocks("bash")[:2]
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = subprocess.run(
        ["awk", re.search(r"awk '(.*?)'", script)[1], str(ROOT / "README.md")],  # type: ignore[index]
        capture_output=True,
        text=True,
        check=True,
    )

    assert lab.strip().endswith("connectorkit lab")
    assert tests.strip().endswith("-m pytest")
    assert found.stdout.strip() == tests.strip()


@pytest.mark.parametrize("limit", DOES_NOT_IMITATE)
def test_readme_lists_each_limit_of_the_sandbox(limit: str) -> None:
    assert f"- {limit}\n" in README


@pytest.mark.parametrize("command", sorted(main.commands))
def test_readme_lists_each_command(command: str) -> None:
    assert f"| `connectorkit {command}` |" in README


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_readme_links_lead_somewhere(target: str) -> None:
    assert (ROOT / target).exists()


def test_readme_picture_is_small() -> None:
    assert (ROOT / "docs" / "lab.png").stat().st_size < 100_000


def test_changelog_begins_with_what_is_new() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert headings[0] == "Unreleased"


@pytest.mark.parametrize(
    "command",
    [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]],
    ids=["lint", "format", "types"],
)
def test_code_is_clean(command: list[str]) -> None:
    tool = shutil.which(command[0], path=str(Path(sys.executable).parent)) or command[0]

    result = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True)

    assert result.returncode == 0, result.stdout + result.stderr
