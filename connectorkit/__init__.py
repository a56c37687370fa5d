"""connectorkit: learn and test the Connector API in Jupyter, on a local sandbox or a real account.

>>> import connectorkit as ck
>>> kit = ck.connect()                                       # doctest: +SKIP
>>> talk = kit.consumer("ana@example").open(first_name="Ana")  # doctest: +SKIP
>>> talk.send("Where is my parcel?")                         # doctest: +SKIP
>>> kit.log.exchanges()                                      # doctest: +SKIP

Names are loaded when first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from connectorkit import envelopes, rich, scenarios, sdes, signature
    from connectorkit.async_client import AsyncClient
    from connectorkit.client import Client
    from connectorkit.comparing.compare import compare
    from connectorkit.errors import (
        ApiError,
        AuthenticationError,
        ConnectorError,
        EnvelopeError,
        InvalidRequestError,
        NoAnswerError,
        OutcomeUnknown,
        SettingsError,
    )
    from connectorkit.grader import grade
    from connectorkit.kit import AsyncKit, Kit, connect, connect_async
    from connectorkit.laboratory import signature_lab
    from connectorkit.response_log import ResponseLog
    from connectorkit.retries import RetryPolicy
    from connectorkit.settings import Settings
    from connectorkit.sharing.imports import from_curl, from_har

__version__ = "0.1.0"

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncKit",
    "AuthenticationError",
    "Client",
    "ConnectorError",
    "EnvelopeError",
    "InvalidRequestError",
    "Kit",
    "NoAnswerError",
    "OutcomeUnknown",
    "ResponseLog",
    "RetryPolicy",
    "Settings",
    "SettingsError",
    "compare",
    "connect",
    "connect_async",
    "envelopes",
    "from_curl",
    "from_har",
    "grade",
    "rich",
    "scenarios",
    "sdes",
    "signature",
    "signature_lab",
]

_MODULES = ("envelopes", "rich", "scenarios", "sdes", "signature")
_HOMES = {
    "AsyncClient": "async_client",
    "AsyncKit": "kit",
    "Client": "client",
    "Kit": "kit",
    "ResponseLog": "response_log",
    "RetryPolicy": "retries",
    "Settings": "settings",
    "compare": "comparing.compare",
    "connect": "kit",
    "connect_async": "kit",
    "from_curl": "sharing.imports",
    "from_har": "sharing.imports",
    "grade": "grader",
    "signature_lab": "laboratory",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'connectorkit' has no attribute {name!r}")
    if name in _MODULES:
        return importlib.import_module(f"connectorkit.{name}")
    home = importlib.import_module(f"connectorkit.{_HOMES.get(name, 'errors')}")
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """``%load_ext connectorkit``: the cell magic ``%%send``, and completion inside its cells."""
    from connectorkit import magic

    magic.load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """``%unload_ext connectorkit``: take both away."""
    from connectorkit import magic

    magic.unload(shell)
