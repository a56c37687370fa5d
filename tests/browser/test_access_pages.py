"""No display of a public object and no exported page has a serious barrier, in a light and in a dark page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from public_session import rich_form, session

from connectorkit import markup

from .axe import Axe

pytestmark = pytest.mark.browser
_DARK_AND_LIGHT = ":root { color-scheme: light dark }"


@pytest.fixture(scope="module")
def displays() -> dict[str, str]:
    """What each public object shows where it is the last of a cell."""
    with session() as held:
        return {name: rich_form(value) for name, value in held.items()}
