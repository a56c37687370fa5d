"""Steps that fetch tokens and look domains up. Reference: sections 2, 3 and 4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectorkit.explore import answers, door
from connectorkit.explore.expecting import Anything, Check, Moment, Off, Optional, Pattern
from connectorkit.explore.model import APP_JWT_SECONDS, Model, Span
from connectorkit.explore.source import Code, source
from connectorkit.explore.steps import Anytime, Verdict, Written

_OPERATION = "from connectorkit.operations import Operation"
_URLENCODE = "from urllib.parse import urlencode"
_HEX = Pattern(r"[0-9a-f]{64}", "64 hex characters")


@dataclass(frozen=True)
class Keep(Anytime):
    """A fresh AppJWT is put aside: it is not renewed, so that it can be seen to expire."""

    event = "AppJWT"

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        return Written.of("token = kit.app_jwt(renew=True)")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        expires = model.names["token"].claims.get("exp")
        model.token_expires = expires if isinstance(expires, int) else None
        # Where a fault has let a token expire, the next is some seconds older, so that it is another.
        moment = Moment(when.earliest - 5, when.latest, 1, when.latest - when.earliest)
        claims = {
            "aud": Code("account"),
            "azp": Code("client"),
            "scope": "msg.consumer",
            "iss": "Sentinel",
            "iat": moment,
            "exp": Off(("iat",), APP_JWT_SECONDS),
        }
        verdict = Verdict([Check("token.claims", claims, "3.3")])
        kid = Pattern(r"appjwt-.+", "appjwt-…")
        verdict.expect("token.header", {"kid": kid, "typ": "JWT", "alg": "RS256"}, "3.3")
        return verdict


# What the token call has in query and form, and what it is answered: status and error.
_FORM1 = ({"v": "1.0", "grant_type": "client_credentials"}, {"client_id": "", "client_secret": ""})
_ALL = {"grant_type": "client_credentials", "client_id": "", "client_secret": ""}
TokenCase = tuple[dict[str, str], dict[str, str], int, str]
TOKEN_CASES: dict[str, TokenCase] = {
    "form 1": (*_FORM1, 200, ""),
    "form 2": ({"v": "1.0", **_ALL}, {}, 200, ""),
    "form 3": ({"v": "1.0"}, _ALL, 200, ""),
    "the body wins": ({"v": "1.0", **_ALL, "client_secret": "wrong"}, _ALL, 200, ""),
    "the body wins, wrong": ({"v": "1.0", **_ALL}, {"client_secret": "wrong"}, 401, "invalid_client"),
    "scope": (_FORM1[0] | {"scope": "msg.consumer"}, _FORM1[1], 200, ""),
    "wrong secret": (_FORM1[0], _FORM1[1] | {"client_secret": "wrong"}, 401, "invalid_client"),
    "wrong id": (_FORM1[0], _FORM1[1] | {"client_id": "nobody"}, 401, "invalid_client"),
    "no id": (_FORM1[0], {"client_secret": ""}, 400, "invalid_request"),
    "no secret": (_FORM1[0], {"client_id": ""}, 400, "invalid_request"),
    "no grant type": ({"v": "1.0"}, _FORM1[1], 400, "invalid_request"),
    "other grant": (_FORM1[0] | {"grant_type": "password"}, _FORM1[1], 400, "unsupported_grant_type"),
    "other scope": (_FORM1[0] | {"scope": "all"}, _FORM1[1], 400, "invalid_scope"),
    "no v": ({"grant_type": "client_credentials"}, _FORM1[1], 400, "invalid_request"),
    "other v": (_FORM1[0] | {"v": "2.0"}, _FORM1[1], 400, "invalid_request"),
    "other account": (*_FORM1, 401, "invalid_client"),
}


@dataclass(frozen=True)
class FetchAppJwt(Anytime):
    """The token call in one of its forms, or with something wrong."""

    case: str = "form 1"

    @property
    def about(self) -> str:
        """What is special about it."""
        return self.case

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "token call" if TOKEN_CASES[self.case][2] == 200 else "bad token call"

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        query, form, _, _ = TOKEN_CASES[self.case]
        account = '"87654321"' if self.case == "other account" else "account"
        body = f"urlencode({source(self._filled(form))}).encode()" if form else 'b""'
        operation = (
            f'Operation("app_jwt", "POST", "sentinel", "/sentinel/api/account/" + {account} + "/app/token", '
            f'{source(self._filled(query))}, {body}, "application/x-www-form-urlencoded")'
        )
        return Written.of(f"reply = kit.call({operation})", imports={_OPERATION, _URLENCODE})

    @staticmethod
    def _filled(given: dict[str, str]) -> dict[str, Any]:
        own = {"client_id": Code("client"), "client_secret": Code("kit.settings.client_secret.reveal()")}
        return {name: value or own[name] for name, value in given.items()}

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        status, error = TOKEN_CASES[self.case][2:]
        verdict = Verdict([Check("reply.status_code", status, "3.5")])
        headers = "dict(reply.exchange.response_headers)"
        if status == 200:
            body = {"access_token": Pattern(r".+", "a token"), "token_type": "Bearer"}
            verdict.expect("reply.json", body, "3.2")
            verdict.expect(f'{headers}["content-type"].lower()', "application/json;charset=utf-8", "3.2")
            return verdict
        verdict.expect("reply.json", {"error": error, "error_description": Optional(Anything())}, "3.5")
        verdict.expect(f'{headers}["content-type"]', "application/json;charset=UTF-8", "3.5")
        verdict.expect(f'{headers}.get("cache-control")', "no-store", "3.5")
        verdict.expect(f'{headers}.get("pragma")', "no-cache", "3.5")
        verdict.expect(f'"www-authenticate" in {headers}', False, "3.5")
        return verdict


@dataclass(frozen=True)
class JwsCase:
    """How a ConsumerJWS is asked for, and what comes of it; ``details`` those of 40001."""

    body: str
    refusal: int = 0
    details: str = ""
    headers: tuple[tuple[str, Any], ...] = ()
    query: tuple[tuple[str, str], ...] = (("v", "1.0"),)
    account: str = ""


_EXT = '{"ext_consumer_id": "cleo"}'
JWS_CASES: dict[str, JwsCase] = {
    "plain": JwsCase(_EXT),
    "without v": JwsCase(_EXT, query=()),
    "unknown member": JwsCase('{"ext_consumer_id": "Zoë 🚀", "more": 1}'),
    "no name": JwsCase("{}", 40001, "ext_consumer_id is missing"),
    "empty name": JwsCase('{"ext_consumer_id": ""}', 40001, "ext_consumer_id is missing"),
    "number": JwsCase('{"ext_consumer_id": 5}', 40001, "ext_consumer_id is missing"),
    "null": JwsCase('{"ext_consumer_id": null}', 40001, "ext_consumer_id is missing"),
    "not JSON": JwsCase("{", 40001, "Body is not valid JSON"),
    "no AppJWT": JwsCase(_EXT, 40105, headers=((door.AUTHORIZATION, None),)),
    "nonsense": JwsCase(_EXT, 40102, headers=((door.AUTHORIZATION, "nonsense"),)),
    "AppJWT from before": JwsCase(_EXT, 1, headers=((door.AUTHORIZATION, Code("token.secret.reveal()")),)),
    "other account": JwsCase(_EXT, 40102, account="87654321"),
    "plain text": JwsCase(_EXT, 415, headers=((door.CONTENT_TYPE, "text/plain"),)),
    "first the token": JwsCase("{", 40105, headers=((door.AUTHORIZATION, None),)),
}


@dataclass(frozen=True)
class FetchJws(Anytime):
    """A ConsumerJWS is asked for."""

    case: str = "plain"

    def possible(self, model: Model) -> bool:
        """Whether it can be done now."""
        return JWS_CASES[self.case].refusal != 1 or model.token_expires is not None

    @property
    def about(self) -> str:
        """What is special about it."""
        return self.case

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "ConsumerJWS" if not JWS_CASES[self.case].refusal else "bad ConsumerJWS call"

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        case = JWS_CASES[self.case]
        account = source(case.account) if case.account else "account"
        headers = source(dict(case.headers))
        operation = (
            f'Operation("consumer_jws", "POST", "idp", "/api/account/" + {account} + "/consumer", '
            f'{source(dict(case.query))}, {source(case.body)}.encode(), "application/json", authorised=True)'
        )
        more = f", headers={headers}" if case.headers else ""
        return Written.of(f"reply = kit.call({operation}{more})", imports={_OPERATION})

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        case, verdict = JWS_CASES[self.case], Verdict()
        refusal = case.refusal
        if refusal == 1:
            shut = door.refusal(("AppJWT from before",), model, when)
            if shut is not None and not shut[0]:
                verdict.open = True
                return verdict
            refusal = 40102 if shut is not None else 0
        if refusal >= 1000:
            verdict.answer(*answers.door(refusal, case.details), "4.5")
        elif refusal:
            verdict.expect("reply.status_code", refusal, "R26")
            verdict.media_type()
        else:
            verdict.expect("reply.status_code", 201, "4.2")
            verdict.media_type()
            verdict.expect("reply.json", {"token": Pattern(r".+", "a token")}, "4.2")
        return verdict


@dataclass(frozen=True)
class Identify(Anytime):
    """The ConsumerJWS of a consumer is fetched once more: it says the same, and never expires."""

    who: str

    event = "ConsumerJWS"

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        return Written.of(f"jws = kit.consumer_jws({source(self.who)}, renew=True)")

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        claims = {
            "account_id": Code("account"),
            "ext_consumer_id": self.who,
            "lp_consumer_id": Code(self.who),
        }
        verdict = Verdict([Check("jws.claims", claims, "4.3")])
        verdict.expect("jws.claims", claims | {"lp_consumer_id": _HEX}, "4.3")
        kid = Pattern(r"appjwt-.+", "appjwt-…")
        verdict.expect("jws.header", {"kid": kid, "typ": "JWT", "alg": "RS256"}, "4.3")
        return verdict


# Path below the account, version, status.
LOOKUPS: dict[str, tuple[str, str | None, int]] = {
    "all": ("/service/baseURI.json", "1.0", 200),
    "all, no suffix": ("/service/baseURI", "1.0", 200),
    **{
        name: (f"/service/{name}/baseURI.json", "1.0", 200)
        for name in ("sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite")
    },
    "idp, no suffix": ("/service/idp/baseURI", "1.0", 200),
    "no version": ("/service/baseURI.json", None, 400),
    "other version": ("/service/idp/baseURI.json", "2.0", 400),
    "unknown service": ("/service/nothing/baseURI.json", "1.0", 404),
    "another case": ("/service/IDP/baseURI.json", "1.0", 404),
    "unknown account": ("/service/baseURI.json", "1.0", 401),
}


@dataclass(frozen=True)
class LookUp(Anytime):
    """The domain lookup, in both forms."""

    case: str = "all"

    @property
    def about(self) -> str:
        """What is special about it."""
        return self.case

    @property
    def event(self) -> str:
        """Its name in the report."""
        return "domain lookup" if LOOKUPS[self.case][2] == 200 else "bad domain lookup"

    def written(self, model: Model) -> Written:
        """Its lines in a cell."""
        path, version, _ = LOOKUPS[self.case]
        account = '"87654321"' if self.case == "unknown account" else "account"
        query = source({} if version is None else {"version": version})
        operation = f'Operation("domains", "GET", None, "/api/account/" + {account} + "{path}", {query})'
        return Written.of(f"reply = kit.call({operation})", imports={_OPERATION})

    def judged(self, model: Model, when: Span) -> Verdict:
        """What must have come of it."""
        path, _, status = LOOKUPS[self.case]
        verdict = Verdict([Check("reply.status_code", status, "2.3")])
        verdict.media_type()
        if status != 200:
            return verdict
        host = Pattern(r"[^/\s]+[^/]", "a host without scheme and slash")
        if path.count("/") == 3:
            name = path.split("/")[2]
            verdict.expect(
                "reply.json", {"service": name, "account": Code("account"), "baseURI": host}, "2.1"
            )
            return verdict
        verdict.expect("list(reply.json)", ["baseURIs"], "2.1")
        names = '{one["service"] for one in reply.json["baseURIs"]}'
        wanted = '{"sentinel", "idp", "asyncMessagingEnt", "swift", "agentVep", "accountConfigReadWrite"}'
        verdict.expect(f"{wanted} - {names}", set(), "2.2")
        for member, like in (("account", Code("account")), ("baseURI", host)):
            look = f'[one["{member}"] for one in reply.json["baseURIs"]][0]'
            verdict.expect(look, like, "2.1")
        return verdict
