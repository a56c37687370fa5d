"""Breaks the promises of sections 9.1 and 9.2."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_MANIFEST, _APPS, _INSTALLS = "sandbox/manifest.py", "sandbox/apps.py", "sandbox/installs.py"
_SENDER, _SERVICES = "sandbox/sender.py", "sandbox/services.py"

DEFECTS = {
    "P9.1-client-name": Breaks(_MANIFEST, '"client_name": 128', '"client_name": 129'),
    "P9.1-display-name": Breaks(_MANIFEST, '"display_name": 128', '"display_name": 127'),
    "P9.1-description": Breaks(_MANIFEST, '"description": 256', '"description": 512'),
    "P9.1-scope": Breaks(_MANIFEST, '"scope": 128', '"scope": 64'),
    "P9.1-logo-uri": Breaks(_MANIFEST, '"logo_uri": 1024', '"logo_uri": 2048'),
    "P9.1-named": Breaks(
        _MANIFEST,
        '    if given.get("client_name") in (None, ""):\n',
        '    if given.get("client_name") == "":\n',
    ),
    "P9.1-on": Breaks(
        "sandbox/delivery.py",
        "        if not app.enabled or not app.hears(event.type):\n",
        "        if not app.manifest.get('enabled') or not app.hears(event.type):\n",
    ),
    "P9.1-off": Breaks(
        "sandbox/delivery.py",
        "        if not app.enabled or not app.hears(event.type):\n",
        "        if app.manifest.get('enabled') is False:\n"
        "            manifest = app.manifest | {'enabled': True}\n"
        "            app = App(app.client_id, app.client_secret, manifest, app.issued_at)\n"
        "        if not app.enabled or not app.hears(event.type):\n",
    ),
    "P9.1-lists": Breaks(_MANIFEST, '"response_types", "redirect_uris")', '"response_types")'),
    "P9.1-added": Breaks(_APPS, '            "client_secret_expires_at": 0,\n', ""),
    "P9.1-endpoint": Breaks(
        _MANIFEST,
        '    if given.get("endpoint") in (None, ""):\n',
        '    given.setdefault("endpoint", "https://nowhere.example/")\n'
        '    if given.get("endpoint") in (None, ""):\n',
    ),
    "P9.1-https": Breaks(
        _MANIFEST, '(url.scheme == "http" and _is_loopback(url.host))', '(url.scheme == "http")'
    ),
    "P9.1-query": Breaks(
        _SENDER,
        "self._post(webhook.endpoint, item.body",
        'self._post(webhook.endpoint.partition("?")[0], item.body',
    ),
    "P9.1-max-retries": Breaks(_MANIFEST, "most=wire.MAX_RETRIES", "most=9"),
    "P9.1-retention": Breaks(_MANIFEST, "least=wire.MIN_RETENTION_SECONDS", "least=1"),
    "P9.1-headers": Breaks(_SENDER, "            *webhook.headers,\n", ""),
    "P9.1-several": Breaks(
        "sandbox/world.py",
        "        for app in self.apps.all():\n            self.deliveries.deliver(app, event)\n",
        "        for app in self.apps.all()[:3]:\n            self.deliveries.deliver(app, event)\n",
    ),
    "P9.1-engagement": Breaks(
        _MANIFEST,
        "    for name in _ENGAGEMENT_BOOLEANS:\n",
        "    for name in _ENGAGEMENT_BOOLEANS[:1]:\n",
    ),
    "P9.1-example": Breaks(_MANIFEST, '"content-length", "transfer', '"content-length", "x-env", "transfer'),
    "C9.2-login": Breaks(_SERVICES, '                    "userId": "1",\n', ""),
    "C9.2-hosts": Breaks(_SERVICES, "self._base_uris(),\n            }", "{},\n            }"),
    "C9.2-bearer": Breaks(
        _INSTALLS,
        '        if scheme.lower() != "bearer" or not self._is_admin(bearer.strip()) or not ours:\n',
        "        known = self._is_admin(bearer.strip()) and scheme.lower() == 'bearer' and ours\n"
        "        if scheme and not known:\n",
    ),
    "C9.2-list": Breaks(
        _INSTALLS,
        "app.public() for app in self._apps.all()]",
        "app.public() for app in self._apps.all()[:1]]",
    ),
    "C9.2-read": Breaks(
        _INSTALLS,
        "        return self._answer(app.public())\n",
        "        known = app.public()\n        known.pop('display_name', None)\n"
        "        return self._answer(known)\n",
    ),
    "C9.2-revision": Breaks(
        _INSTALLS,
        "            return self._answer([app.public() for app in self._apps.all()])\n",
        "            return answer([app.public() for app in self._apps.all()])\n",
    ),
    "C9.2-replace": Breaks(
        _APPS,
        "        app = self._apps[client_id]\n        app.manifest = _own_members(manifest)\n",
        "        app = self._apps[client_id]\n"
        "        known = {k: v for k, v in app.manifest.items() if k == 'description'}\n"
        "        app.manifest = known | _own_members(manifest)\n",
    ),
    "C9.2-delete": Breaks(_APPS, "self._apps.pop(client_id)\n", "self._apps[client_id]\n"),
}
