"""Network failures in words: what did not answer, what to check, and whether the request had left."""

from __future__ import annotations

import httpx

from connectorkit import unsettled

_UNREACHABLE = (
    "No answer from {}",
    "Check CONNECTORKIT_DOMAIN_LOOKUP, the network, and that nothing in between blocks the port.",
)
_LATE = "No answer from {} in time", "Check the network, or allow more time: ck.connect(timeout=60)."
_BROKEN = "The connection to {} broke before the answer was complete", "Check what stands in between."
_KINDS = {
    "ReadTimeout": _LATE,
    "WriteTimeout": _LATE,
    "ReadError": _BROKEN,
    "WriteError": _BROKEN,
    "RemoteProtocolError": _BROKEN,
    "ProxyError": ("No way to {}", "Check CONNECTORKIT_PROXY: its address, user and password."),
    "DecodingError": ("The answer of {} cannot be decompressed", "Check what stands in between."),
}


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
    what, advice = _KINDS.get(type(error).__name__, _UNREACHABLE)
    return f"{what.format(f'{url.host}:{port}')} ({reason})", advice


def sentence(error: Exception) -> str:
    """The same as one text."""
    return " ".join(part.rstrip(".") + "." for part in in_words(error) if part)


def had_left(error: Exception) -> bool:
    """Whether the request, or a part of it, may have reached the other side."""
    return type(error).__name__ not in unsettled.NOT_SENT
