"""The documentation site: the course, executed; catalogue and ledger, observed; the rest from ``docs/``."""

from __future__ import annotations

from connectorkit.site.building import Built, SiteError, build, find

__all__ = ["Built", "SiteError", "build", "find"]
