"""Promises of section 9.1: what the manifest of an app may hold."""

from __future__ import annotations

from typing import Any

from connectorkit.promises.bench import TYPES, Bench
from connectorkit.promises.model import Probe, Rows

rows = Rows()
_INSTALLS = "changes what is installed"
_CONTENT, _CHAT = TYPES[0], TYPES[3]
_ENDPOINT = "https://hook.promise.example/events"
_EXAMPLE = """{"client_name": "Kit demo", "enabled": true,
 "grant_types": ["client_credentials"], "scope": "msg.consumer",
 "capabilities": {"webhooks": {
   "ms.MessagingEventNotification.ContentEvent": {"endpoint": "https://kit.example/hook", "max_retries": 3,
      "headers": [{"header_name": "X-Env", "header_value": "test"}]},
   "cqm.ExConversationChangeNotification": {"endpoint": "https://kit.example/hook"},
   "retry": {"retention_time": 3600}}}}"""


def _installing(bench: Bench, **members: Any) -> str:
    given = {"client_name": "Promised", "grant_types": ["client_credentials"], **members}
    return bench.installs("POST", body=given).taken


def _with_webhook(bench: Bench, webhook: dict[str, Any], **retry: Any) -> str:
    webhooks = {_CONTENT: webhook, **({"retry": retry} if retry else {})}
    return _installing(bench, capabilities={"webhooks": webhooks})


def _longest(name: str, most: int) -> Probe:
    def probe(bench: Bench) -> Any:
        return {str(count): _installing(bench, **{name: "x" * count}) for count in (most, most + 1)}

    return probe


for _name, _most in (
    *(("client_name", 128), ("display_name", 128), ("description", 256)),
    *(("scope", 128), ("logo_uri", 1024)),
):
    rows.add(
        f"P9.1-{_name.replace('_', '-')}",
        f"In a manifest, {_name} has at most {_most} characters.",
        "9.1",
        _longest(_name, _most),
        {str(_most): "taken", str(_most + 1): "refused"},
        never=_INSTALLS,
    )


@rows.promise(
    "P9.1-named", "A manifest must have a client_name.", "9.1", {"without": "refused"}, never=_INSTALLS
)
def _named(bench: Bench) -> Any:
    return {"without": bench.installs("POST", body={"grant_types": ["client_credentials"]}).taken}


@rows.promise(
    "P9.1-on",
    "An app is switched on unless its manifest says otherwise.",
    "9.1",
    {"it": "hears"},
    never=_INSTALLS,
)
def _on(bench: Bench) -> Any:
    manifest = bench.manifest(_CONTENT)
    del manifest["enabled"]
    app = bench.app(manifest)
    bench.say(bench.open())
    bench.settle()
    return {"it": "hears" if bench.deliveries(app) else "hears nothing"}


@rows.promise(
    "P9.1-off", "An app that is switched off hears of nothing.", "9.1", {"notifications": 0}, never=_INSTALLS
)
def _off(bench: Bench) -> Any:
    bench.app({**bench.manifest(_CONTENT), "enabled": False})
    bench.say(bench.open())
    return {"notifications": len(bench.heard())}


@rows.promise(
    "P9.1-lists",
    "grant_types, response_types and redirect_uris are arrays.",
    "9.1",
    {
        "grant_types": "array taken, text refused",
        "response_types": "array taken, text refused",
        "redirect_uris": "array taken, text refused",
    },
    never=_INSTALLS,
)
def _lists(bench: Bench) -> Any:
    def both(name: str) -> str:
        array, text = (_installing(bench, **{name: value}) for value in (["code"], "code"))
        return f"array {array}, text {text}"

    return {name: both(name) for name in ("grant_types", "response_types", "redirect_uris")}


@rows.promise(
    "P9.1-added",
    "What is stored of an app has its id, its secret, when both were issued, and whether it is deleted.",
    "9.1",
    {
        "id": "client_id",
        "client_secret": True,
        "issued": "now",
        "client_secret_expires_at": 0,
        "deleted": False,
    },
    never=_INSTALLS,
)
def _added(bench: Bench) -> Any:
    app = bench.app(bench.manifest(_CONTENT))
    heard = bench.installs("GET", app.client_id)
    age = bench.sandbox.now().timestamp() - float(heard.at("client_id_issued_at"))
    return {
        "id": "client_id" if heard.at("id") == heard.at("client_id") == app.client_id else heard.at("id"),
        "client_secret": heard.at("client_secret") == app.client_secret.reveal(),
        "issued": "now" if -1 <= age < 60 else age,
        "client_secret_expires_at": heard.at("client_secret_expires_at"),
        "deleted": heard.at("deleted"),
    }


@rows.promise(
    "P9.1-endpoint", "A webhook must have an endpoint.", "9.1", {"without": "refused"}, never=_INSTALLS
)
def _endpoint(bench: Bench) -> Any:
    return {"without": _with_webhook(bench, {"max_retries": 2})}


@rows.promise(
    "P9.1-https",
    "An endpoint is an https URL.",
    "9.1",
    {"https": "taken", "http": "refused", "ftp": "refused"},
    never=_INSTALLS,
)
def _https(bench: Bench) -> Any:
    rest = _ENDPOINT.removeprefix("https")
    return {scheme: _with_webhook(bench, {"endpoint": scheme + rest}) for scheme in ("https", "http", "ftp")}


@rows.promise(
    "P9.1-query", "An endpoint may have a query.", "9.1", {"called with": "?shop=7&lang=de"}, never=_INSTALLS
)
def _query(bench: Bench) -> Any:
    bench.subscribe(_CONTENT, endpoint=f"{bench.hook.url}?shop=7&lang=de")
    bench.say(bench.open())
    return {"called with": bench.told().path.removeprefix("/hook")}


@rows.promise(
    "P9.1-max-retries",
    "max_retries is a whole number from 0 to 5.",
    "9.1",
    {"0": "taken", "5": "taken", "6": "refused", "-1": "refused", "text": "refused"},
    never=_INSTALLS,
)
def _max_retries(bench: Bench) -> Any:
    given = {"0": 0, "5": 5, "6": 6, "-1": -1, "text": "3"}
    return {
        name: _with_webhook(bench, {"endpoint": _ENDPOINT, "max_retries": value})
        for name, value in given.items()
    }


@rows.promise(
    "P9.1-retention",
    "retention_time is a whole number of seconds from 2 to 259200.",
    "9.1",
    {"1": "refused", "2": "taken", "259200": "taken", "259201": "refused", "2.5": "refused"},
    never=_INSTALLS,
)
def _retention(bench: Bench) -> Any:
    def installing(seconds: Any) -> str:
        return _with_webhook(bench, {"endpoint": _ENDPOINT}, retention_time=seconds)

    return {str(seconds): installing(seconds) for seconds in (1, 2, 259200, 259201, 2.5)}


@rows.promise(
    "P9.1-headers",
    "The headers of a webhook are added to each delivery.",
    "9.1, 9.5",
    {"first": "web chat", "second": "web chat"},
    never=_INSTALLS,
)
def _headers(bench: Bench) -> Any:
    bench.subscribe(_CONTENT, headers=[{"header_name": "X-Channel", "header_value": "web chat"}])
    talk = bench.open()
    bench.say(talk)
    first = bench.told()
    bench.say(talk)
    return {name: one.headers.get("x-channel") for name, one in (("first", first), ("second", bench.told()))}


@rows.promise(
    "P9.1-several",
    "An account may have several apps, and each is notified.",
    "9.1",
    {"apps": 3},
    never=_INSTALLS,
)
def _several(bench: Bench) -> Any:
    for path in ("/first", "/second", "/third"):
        bench.subscribe(_CONTENT, endpoint=bench.hook.url + path)
    bench.say(bench.open())
    return {"apps": len({one.path for one in bench.heard()})}


@rows.promise(
    "P9.1-engagement",
    "The engagement capability has booleans and arrays.",
    "9.1",
    {"as documented": "taken", "a text as boolean": "refused", "a text as array": "refused"},
    never=_INSTALLS,
)
def _engagement(bench: Bench) -> Any:
    good: dict[str, Any] = {"design_engagement": True, "design_window": False, "language_selection": True}
    good |= {name: ["any"] for name in ("entry_point", "visitor_behavior", "target_audience", "goal")}
    good |= {"consumer_identity": ["auth"]}

    def installing(**wrong: Any) -> str:
        return _installing(bench, capabilities={"engagement": good | wrong})

    return {
        "as documented": installing(),
        "a text as boolean": installing(design_window="no"),
        "a text as array": installing(goal="any"),
    }


@rows.promise(
    "P9.1-example",
    "The example of a manifest is taken as it is printed.",
    "9.1",
    {"it": "taken"},
    never=_INSTALLS,
)
def _example(bench: Bench) -> Any:
    return {"it": bench.installs("POST", body=_EXAMPLE).taken}


PROMISES = rows.all
