"""Promises of section 10: upload and download URLs, the store, their limits."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import Bench
from connectorkit.promises.model import Rows

rows = Rows()


@rows.promise(
    "P10.2-put",
    "A file that is put where the upload URL leads is stored, which is answered 201.",
    "10.2",
    {"status": 201},
    never="an account may not have file sharing",
)
def _put(bench: Bench) -> Any:
    url = bench.upload_url()
    return {"status": bench.store("PUT", url["relativePath"], url["queryParams"], b"GIF87a").status}


PROMISES = rows.all
