"""Promises of section 9.2: how an administrator manages installs."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, App, Bench, Heard, NotReady, at
from connectorkit.promises.model import Rows

rows = Rows()
_INSTALLS = "changes what is installed"
_CONTENT, _CHAT = TYPES[0], TYPES[3]


@rows.promise(
    "C9.2-login",
    "The login of an administrator answers with a bearer, how long it lasts, and who that is.",
    "9.2",
    {"bearer": True, "sessionTTl": True, "config": ["isAdmin", "loginName", "userId"]},
    never="needs an administrator's password",
)
def _login(bench: Bench) -> Any:
    heard = bench.log_in()
    return {
        **{name: name in heard.json and bool(heard.at(name)) for name in ("bearer", "sessionTTl")},
        "config": sorted(heard.at("config")),
    }


@rows.promise(
    "C9.2-hosts",
    "The login answers with the whole domain lookup, too.",
    "9.2, R75",
    {"csdsCollectionResponse": "the domain lookup"},
    never="needs an administrator's password",
)
def _hosts(bench: Bench) -> Any:
    told = bench.log_in().at("csdsCollectionResponse")
    looked_up = bench.lookup().json
    return {"csdsCollectionResponse": "the domain lookup" if told == looked_up else told}


@rows.promise(
    "C9.2-bearer",
    "Installs are for an administrator only.",
    "9.2",
    {"without a bearer": "refused", "with another": "refused"},
    never=_INSTALLS,
)
def _bearer(bench: Bench) -> Any:
    return {
        "without a bearer": bench.installs("GET", headers={"Authorization": None}).taken,
        "with another": bench.installs("GET", headers={"Authorization": "Bearer nobody"}).taken,
    }


@rows.promise("C9.2-list", "GET lists the installs.", "9.2", {"listed": True}, never=_INSTALLS)
def _list(bench: Bench) -> Any:
    app = bench.app(bench.manifest(_CHAT))
    return {"listed": app.client_id in [at(one, "client_id") for one in bench.installs("GET").json]}


@rows.promise("C9.2-read", "GET reads one install.", "9.2", {"display_name": "Number 7"}, never=_INSTALLS)
def _read(bench: Bench) -> Any:
    app = bench.app({**bench.manifest(_CHAT), "display_name": "Number 7"})
    return {"display_name": bench.installs("GET", app.client_id).at("display_name")}


@rows.promise(
    "C9.2-revision",
    "What is read has an ac-revision, with which it can be changed.",
    "9.2",
    {"with that of the list": "taken", "with that of the app": "taken"},
    never=_INSTALLS,
)
def _revision(bench: Bench) -> Any:
    app = bench.app(bench.manifest(_CHAT))

    def changing(read: Heard) -> str:
        headers = {"If-Match": read.headers.get("ac-revision", "none"), "X-HTTP-Method-Override": "PUT"}
        return bench.installs("PUT", app.client_id, bench.manifest(_CHAT), headers).taken

    return {
        "with that of the list": changing(bench.installs("GET")),
        "with that of the app": changing(bench.installs("GET", app.client_id)),
    }


def _changing(bench: Bench, app: App) -> dict[str, str | None]:
    revision = bench.installs("GET", app.client_id).headers.get("ac-revision")
    if revision is None:
        raise NotReady("the app has no revision")
    return {"If-Match": revision, "X-HTTP-Method-Override": None}


@rows.promise("C9.2-replace", "PUT replaces a manifest.", "9.2", {"description": "gone"}, never=_INSTALLS)
def _replace(bench: Bench) -> Any:
    app = bench.app({**bench.manifest(_CHAT), "description": "The first"})
    bench.installs("PUT", app.client_id, bench.manifest(_CHAT), _changing(bench, app))
    return {"description": "there" if "description" in bench.installs("GET", app.client_id).json else "gone"}


@rows.promise("C9.2-delete", "DELETE removes an install.", "9.2", {"reading it": "refused"}, never=_INSTALLS)
def _delete(bench: Bench) -> Any:
    app = bench.app(bench.manifest(_CHAT))
    bench.installs("DELETE", app.client_id, headers=_changing(bench, app))
    return {"reading it": bench.installs("GET", app.client_id).taken}


PROMISES = rows.all
