"""Network failures in words: what did not answer, what to check, and whether the request had left."""

from __future__ import annotations

import httpx

from connectorkit import unsettled


def in_words(error: Exception) -> tuple[str, str]:
    """What happened and what to check, for one of httpx's own errors."""
    if isinstance(error, httpx.LocalProtocolError):
        return str(error), ""
    try:
        url = error.request.url if isinstance(error, httpx.RequestError) else None
    except RuntimeError:  # httpx raises it where no request is known
        url = None
    if url is None:
        return f"The address cannot be used ({error})", "Check CONNECTORKIT_DOMAIN_LOOKUP."
    port = url.port or (443 if url.scheme == "https" else 80)
    reason = str(error) or type(error).__name__
    advice = "Check CONNECTORKIT_DOMAIN_LOOKUP, the network, and that nothing in between blocks the port."
    return f"No answer from {url.host}:{port} ({reason})", advice


def sentence(error: Exception) -> str:
    """The same as one text."""
    return " ".join(part.rstrip(".") + "." for part in in_words(error) if part)


def had_left(error: Exception) -> bool:
    """Whether the request, or a part of it, may have reached the other side."""
    return type(error).__name__ not in unsettled.NOT_SENT
