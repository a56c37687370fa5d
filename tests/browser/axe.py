"""axe-core, which finds what keeps people from using a page; npm fetches it, and it is never committed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page

VERSION = "4.14.1"
_SHA512 = (
    "1477dafa598d8d065f273d6af302aa203c02e83131707b7fa648cd41bd3d6b73"
    "4f8c22a0dab86ee6a6f64b8afbe804b214d36db85a2826965edfb3a0b9d546b5"
)
FOLDER = Path(os.environ.get("CONNECTORKIT_AXE") or Path.home() / ".cache" / "connectorkit-axe")
COMMAND = f"npm pack axe-core@{VERSION} --pack-destination {FOLDER}"
_RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
_GRAVE = ("serious", "critical")
_NPM_SECONDS = 120

# JupyterLab's body has no height and hides what is beyond it: axe-core would take all of it for hidden.
_SEEN = "body { min-height: 100vh !important }"
# A place, or the page; what is grave and on what, and how many texts had their contrast measured.
_RUN = """async ([place, rules, grave]) => {
  const found = await axe.run(place || document, {
    runOnly: { type: "tag", values: rules }, resultTypes: ["violations", "passes"],
  });
  const measured = found.passes.filter((one) => one.id === "color-contrast").flatMap((one) => one.nodes);
  const told = found.violations.filter((one) => grave.includes(one.impact)).flatMap((one) =>
    one.nodes.map((node) => `${one.id} (${one.impact}): ${node.html.slice(0, 240)} — ` +
      [...node.any, ...node.all, ...node.none].map((check) => check.message).join("; ")));
  return [told, measured.length];
}"""


class Missing(Exception):
    """axe-core is not there; the message says what to do."""


def script() -> str:
    """Its text. Raises ``Missing`` where it cannot be fetched, ``ValueError`` where it is another one."""
    archive = FOLDER / f"axe-core-{VERSION}.tgz"
    if not archive.exists():
        _fetch(archive)
    if hashlib.sha512(archive.read_bytes()).hexdigest() != _SHA512:
        raise ValueError(
            f"{archive} is not the axe-core {VERSION} that is known here. Delete it and try again."
        )
    with tarfile.open(archive) as held:
        member = held.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode("utf-8")


def _fetch(archive: Path) -> None:
    """By npm, with its own settings of where packages come from."""
    FOLDER.mkdir(parents=True, exist_ok=True)  # the command in the messages needs it, too
    npm = shutil.which("npm")
    if npm is None:
        raise Missing(f"Tests of accessibility need axe-core. Install npm, then: {COMMAND}")
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        command = [npm, "pack", f"axe-core@{VERSION}", "--silent", "--pack-destination", scratch]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_NPM_SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            raise Missing(f"npm could not fetch axe-core ({error}). Once it can: {COMMAND}") from None
        # At once, so that another test process never reads half of it.
        (Path(scratch) / archive.name).replace(archive)


class Axe:
    """Looks at a page, or at a part of it."""

    def __init__(self, script: str) -> None:
        self._script = script

    def found(self, where: Page | Locator) -> list[str]:
        """What is serious or critical there, a line each."""
        place, page = (None, where) if isinstance(where, Page) else (where.element_handle(), where.page)
        if not page.evaluate("typeof axe === 'object'"):
            page.evaluate(self._script)
            page.add_style_tag(content=_SEEN)
        found, measured = page.evaluate(_RUN, [place, _RULES, _GRAVE])
        # Where nothing was measured all would be well, whatever the colours are.
        return [*found] if measured or found else ["no text was seen"]

    def look(self, where: Page | Locator, name: str) -> None:
        """Nothing serious or critical is there."""
        found = self.found(where)
        assert not found, f"{name}:\n" + "\n".join(found)
