"""Breaks the promises of sections 11.6 to 11.8."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_PROFILE, _PROPERTIES, _BOTS = "sandbox/profile.py", "sandbox/properties.py", "sandbox/bots.py"

DEFECTS = {
    "P11.6-texts": Breaks(_PROFILE, '    "socialId",\n', ""),
    "P11.6-integers": Breaks(_PROFILE, '("companySize", "loginStatus")', '("companySize",)'),
    "P11.6-balance": Breaks(
        _PROFILE, '        info.number("balance")\n', '        info.integer("balance")\n'
    ),
    "P11.6-dates": Breaks(
        _PROFILE,
        '("day", "month", "year"):\n                    date',
        '("day", "month"):\n                    date',
    ),
    "P11.6-unsupported": Breaks(_PROFILE, '("storeZipCode", "storeNumber")', '("storeZipCode",)'),
    "P11.6-other-types": Breaks(
        _PROFILE, "    warn(f\"Attributes of type {sde['type']} are not supported and were ignored\")\n", ""
    ),
    "P11.6-auth": Breaks(
        _PROFILE,
        "        kept = [_supported(sde, warn) for",
        "        for sde in data['lp_sdes']:\n            sde.pop('auth', None)\n"
        "        kept = [_supported(sde, warn) for",
    ),
    "P11.6-person": Breaks(_PROFILE, '"language", "company")', '"language")'),
    "P11.6-age": Breaks(_PROFILE, '("age", "year", "month", "day")', '("age", "month", "day")'),
    "P11.6-computed": Breaks(_PROFILE, " - ((today.month, today.day) < (month, day))", ""),
    "P11.6-contacts": Breaks(_PROFILE, '            address.text("region")\n', ""),
    "P11.6-phone-types": Breaks("wire.py", '"WORK_FAX", "PAGER", "OTHER")', '"WORK_FAX", "OTHER")'),
    "P11.6-gender": Breaks("wire.py", '"MALE", "FEMALE", "OTHER")', '"MALE", "FEMALE", "OTHER", "male")'),
    "P11.6-old-gender": Breaks(
        _PROFILE, "dict(enumerate(wire.GENDERS))", "dict(enumerate(reversed(wire.GENDERS)))"
    ),
    "P11.7-type": Breaks(
        _PROPERTIES, '"ClientProperties", ".ams.headers.ClientProperties")', '"ClientProperties")'
    ),
    "P11.7-limits": Breaks(
        "wire.py", '{"appVersion": 32, "ipAddress": 32}', '{"appVersion": 64, "ipAddress": 32}'
    ),
    "P11.7-values": Breaks(_PROPERTIES, '    "integration": wire.INTEGRATIONS,\n', ""),
    "P11.7-not-json": Breaks(
        _PROPERTIES, '        warnings.add(about, "The header is not JSON and was ignored")\n', ""
    ),
    "P11.7-unknown": Breaks(
        _PROPERTIES,
        "feature for feature in named if isinstance(feature, str))",
        "feature for feature in named if feature in wire.FEATURES)",
    ),
    "P11.7-greeting": Breaks(
        _BOTS,
        "self._account.publish(dialog, self._account.controller, event)",
        "self._account.publish(dialog, Participant(self._account.controller.id, wire.AGENT), event)",
    ),
    "P11.7-greeting-unasked": Breaks(_BOTS, " and wire.AUTO_MESSAGES in talk.features_at_opening", ""),
    "P11.7-greeting-late": Breaks(_BOTS, "GREETING_MS = 10_000", "GREETING_MS = 60_000"),
    "P11.7-rich": Breaks(
        "sandbox/agent.py",
        '        needed = {wire.RICH_CONTENT: event["type"] == wire.RICH_CONTENT_EVENT}\n',
        "        needed = {}\n",
    ),
    "P11.7-quick-replies": Breaks(
        "sandbox/agent.py",
        "            if is_needed and feature not in talk.features:\n",
        "            if is_needed and feature not in talk.features_at_opening:\n",
    ),
    "P11.8-skill": Breaks(
        "sandbox/account.py",
        "    return str(given) if given not in",
        "    return given if given not in",
    ),
}
