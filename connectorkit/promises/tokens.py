"""Promises of section 3: the AppJWT, how it is asked for, what it holds, how asking is refused."""

from __future__ import annotations

import re
import time
from typing import Any

from connectorkit.promises.bench import Bench, claims, header
from connectorkit.promises.model import Rows
from connectorkit.promises.played import scenario, scenarios

rows = Rows()
_GRANT = {"grant_type": "client_credentials"}
_VERSION = {"v": "1.0"}


def _asked(bench: Bench) -> str:
    """An AppJWT of this row's own."""
    return str(bench.ask_app_jwt().at("access_token"))


# --- How it is asked for -----------------------------------------------------------------------------


@rows.promise(
    "P3.1-query",
    "The AppJWT is given where all four parameters stand in the query, and the body is empty.",
    "3.1",
    {"all in the query": "taken"},
    on_account="harmless",
)
def _in_query(bench: Bench) -> Any:
    everything = _VERSION | _GRANT | bench.service.credentials
    return {"all in the query": bench.ask_app_jwt(query=everything, form="").taken}


@rows.promise(
    "P3.1-form",
    "The AppJWT is given with the grant type in the query, and with the grant type in the form.",
    "3.1",
    {"in the query": "taken", "in the form": "taken"},
    on_account="harmless",
)
def _in_form(bench: Bench) -> Any:
    known = bench.service.credentials
    return {
        "in the query": bench.ask_app_jwt(query=_VERSION | _GRANT, form=known).taken,
        "in the form": bench.ask_app_jwt(
            query=_VERSION, form=_GRANT | known | {"scope": "msg.consumer"}
        ).taken,
    }


@rows.promise(
    "P3.1-version",
    "v stands in the query, always.",
    "3.1",
    {"v in the form alone": "refused"},
    on_account="harmless",
)
def _version_in_query(bench: Bench) -> Any:
    form = _VERSION | bench.service.credentials
    return {"v in the form alone": bench.ask_app_jwt(query=_GRANT, form=form).taken}


# --- The answer --------------------------------------------------------------------------------------


@rows.promise(
    "P3.2-members",
    "The answer has access_token and token_type, and nothing else: no expires_in, no refresh token.",
    "3.2",
    {"members": ["access_token", "token_type"]},
    on_account="harmless",
)
def _members(bench: Bench) -> Any:
    heard = bench.ask_app_jwt()
    return {"members": sorted(heard.json) if isinstance(heard.json, dict) else heard.status}


@rows.promise(
    "P3.2-type", "The token_type is Bearer.", "3.2", {"token_type": "Bearer"}, on_account="harmless"
)
def _token_type(bench: Bench) -> Any:
    return {"token_type": bench.ask_app_jwt().at("token_type")}


@rows.promise(
    "P3.2-media",
    "The answer is 200 and of the type application/json;charset=utf-8.",
    "3.2",
    {"status": 200, "type": "application/json;charset=utf-8"},
    on_account="harmless",
)
def _media(bench: Bench) -> Any:
    heard = bench.ask_app_jwt()
    return {"status": heard.status, "type": heard.headers.get("content-type", "").replace(" ", "").lower()}


# --- Header and claims -------------------------------------------------------------------------------


@rows.promise(
    "P3.3-kid",
    "The header's kid is appjwt- and a date, day first, as in appjwt-13-05-17.",
    "3.3",
    {"kid": "appjwt-dd-mm-yy"},
    on_account="harmless",
)
def _kid(bench: Bench) -> Any:
    kid = str(header(_asked(bench)).get("kid"))
    dated = re.fullmatch(r"appjwt-(0[1-9]|[12]\d|3[01])-(0[1-9]|1[0-2])-\d\d", kid)
    return {"kid": "appjwt-dd-mm-yy" if dated else kid}


@rows.promise(
    "P3.3-header",
    "The header's typ is JWT and its alg is RS256.",
    "3.3",
    {"typ": "JWT", "alg": "RS256"},
    on_account="harmless",
)
def _header(bench: Bench) -> Any:
    found = header(_asked(bench))
    return {name: found.get(name) for name in ("typ", "alg")}


@rows.promise("P3.3-aud", "The claim aud is the account.", "3.3", {"aud": True}, on_account="harmless")
def _aud(bench: Bench) -> Any:
    return {"aud": claims(_asked(bench)).get("aud") == bench.account}


@rows.promise("P3.3-azp", "The claim azp is the client_id.", "3.3", {"azp": True}, on_account="harmless")
def _azp(bench: Bench) -> Any:
    return {"azp": claims(_asked(bench)).get("azp") == bench.service.credentials["client_id"]}


@rows.promise(
    "P3.3-scope", "The claim scope is msg.consumer.", "3.3", {"scope": "msg.consumer"}, on_account="harmless"
)
def _scope(bench: Bench) -> Any:
    return {"scope": claims(_asked(bench)).get("scope")}


@rows.promise("P3.3-iss", "The claim iss is Sentinel.", "3.3", {"iss": "Sentinel"}, on_account="harmless")
def _iss(bench: Bench) -> Any:
    return {"iss": claims(_asked(bench)).get("iss")}


@rows.promise(
    "P3.3-iat",
    "The claim iat is the time of issue in whole seconds.",
    "3.3",
    {"iat": "now"},
    on_account="harmless",
)
def _iat(bench: Bench) -> Any:
    now = bench.sandbox.now().timestamp() if bench.on_sandbox else time.time()
    issued = claims(_asked(bench)).get("iat")
    # A token may be kept for a second or two, and clocks differ a little.
    return {"iat": "now" if type(issued) is int and abs(issued - now) < 30 else issued}


@rows.promise(
    "P3.3-exp",
    "The claim exp is iat and 3600 seconds.",
    "3.3",
    {"seconds": 3600},
    on_account="harmless",
)
def _exp(bench: Bench) -> Any:
    found = claims(_asked(bench))
    return {"seconds": found["exp"] - int(found["iat"])}


# --- Refusals ----------------------------------------------------------------------------------------


@rows.promise(
    "P3.5-form",
    "A refusal has error and error_description, as OAuth 2.0 wants it.",
    "3.5",
    {"members": ["error", "error_description"]},
    on_account="harmless",
)
def _form(bench: Bench) -> Any:
    heard = bench.ask_app_jwt(query=_VERSION | {"grant_type": "password"})
    return {"members": sorted(heard.json) if isinstance(heard.json, dict) else heard.text}


@rows.promise(
    "P3.5-headers",
    "A refusal is application/json;charset=UTF-8 and is not to be stored.",
    "3.5",
    {"Content-Type": "application/json;charset=utf-8", "Cache-Control": "no-store", "Pragma": "no-cache"},
    on_account="harmless",
)
def _headers(bench: Bench) -> Any:
    heard = bench.ask_app_jwt(query=_VERSION | {"grant_type": "password"})
    names = ("Content-Type", "Cache-Control", "Pragma")
    return {name: heard.headers.get(name, "").replace(" ", "").lower() for name in names}


rows.add(
    "R3.5-client",
    "An unknown client_id and a wrong secret are answered 401, invalid_client.",
    "3.5, R31",
    scenarios("unknown-client-id", "wrong-client-secret", counts=("status", "error")),
)
rows.add(
    "R3.5-off",
    "An app that is switched off, or removed, is answered 401, invalid_client.",
    "3.5, R31",
    scenarios("app-switched-off", "app-removed", counts=("status", "error")),
)
rows.add(
    "R3.5-challenge",
    "Credentials in the Authorization header, where they are not read, are answered with a challenge.",
    "3.5, R31",
    scenario("wrong-credentials-in-header", "WWW-Authenticate"),
)
rows.add(
    "R3.5-missing",
    "A missing client_id, client_secret or grant_type is answered 400, invalid_request.",
    "3.5, R31",
    scenarios("missing-client-id", "missing-client-secret", "missing-grant-type", counts=("status", "error")),
)
rows.add(
    "R3.5-grant",
    "Another grant_type than client_credentials is answered 400, unsupported_grant_type.",
    "3.5, R31",
    scenario("wrong-grant-type", "status", "error"),
)
rows.add(
    "R3.5-allowed",
    "An app whose manifest does not list the grant is answered 400, unauthorized_client.",
    "3.5, R31",
    scenario("app-without-its-grant", "status", "error"),
)
rows.add(
    "R3.5-scope",
    "A scope that is not granted is answered 400, invalid_scope.",
    "3.5, R31",
    scenario("wrong-scope", "status", "error"),
)
rows.add(
    "R3.5-version",
    "A missing or wrong v is answered 400, invalid_request.",
    "3.5, R31",
    scenarios("missing-token-version", "wrong-token-version", counts=("status", "error")),
)
rows.add(
    "P3.5-busy",
    "Too many logins are answered 429, and a client waits five seconds at least.",
    "3.5",
    scenario("too-many-logins", "status", "Retry-After", "in the end"),
)
rows.add(
    "P3.5-blocked",
    "A blocked account is answered 451, and a client does not ask again.",
    "3.5",
    scenario("blocked-login", "status", "attempts", "in the end"),
)

PROMISES = rows.all
