"""Breaks the promises of section 9.4 on changes of conversations."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT, _AGENT, _NOTICES = "sandbox/account.py", "sandbox/agent.py", "sandbox/notices.py"

DEFECTS = {
    "P9.4-upsert": Breaks(_NOTICES, '{"type": "UPSERT", "result"', '{"type": "UPDATE", "result"'),
    "P9.4-details": Breaks(
        _NOTICES, '"ttr": {"ttrType": conversation', '"subscriptionId": "", "ttr": {"ttrType": conversation'
    ),
    "P9.4-values": Breaks(
        _NOTICES, '        "brandId": account_id,\n', '        "brandId": f"le{account_id}",\n'
    ),
    "P9.4-dialog": Breaks(
        _NOTICES, '        "channelType": wire.CHANNEL_TYPE,\n', '        "channelType": "CHAT",\n'
    ),
    "P9.4-participants": Breaks(
        _NOTICES,
        '[{"id": p.id, "role": p.role} for p in',
        '[{("id" if conversation.skill_id == "1103" else "who"): p.id, "role": p.role} for p in',
    ),
    "P9.4-handler": Breaks(
        _NOTICES, '{"accountId": account_id, "skillId"', '{"siteId": account_id, "skillId"'
    ),
    "P9.4-ended": Breaks(
        _NOTICES,
        "        endTs=dialog.end_ts, closedBy=dialog.closed_by",
        "        endTs=None, closedBy=dialog.closed_by",
    ),
    "P9.4-reason": Breaks(
        _ACCOUNT,
        "            conversation.close_reason = by\n",
        "            conversation.close_reason = 'USER' if by == wire.CONSUMER else by\n",
    ),
    "P9.4-cause": Breaks(
        "sandbox/messaging.py",
        "self._dialog, wire.CONSUMER, cause)",
        "self._dialog, wire.CONSUMER, cause and cause[:16])",
    ),
    "P9.4-growing": Breaks(
        _ACCOUNT,
        "        conversation.updated_ts = max(now, conversation.updated_ts + 1)\n",
        "        conversation.updated_ts = max(now // 60000 * 60000, conversation.start_ts)\n",
    ),
    "P9.4-when-opened": Breaks(
        _ACCOUNT,
        "        self.changed(conversation, now)\n",
        "        if not request.get('campaignInfo'):\n            self.changed(conversation, now)\n",
    ),
    "P9.4-when-joined": Breaks(
        _AGENT,
        "            talk.had_agent = agent\n            self._account.changed(talk)\n",
        "            talk.had_agent = agent\n",
    ),
    "P9.4-when-left": Breaks(
        _AGENT,
        "        talk.main.leave(agent.id)\n        self._account.changed(talk)\n",
        "        talk.main.leave(agent.id)\n",
    ),
    "P9.4-when-transferred": Breaks(
        _AGENT,
        "        talk.skill_id = skill_id\n        self._account.changed(talk)\n",
        "        talk.skill_id = skill_id\n",
    ),
    "P9.4-when-ttr": Breaks(
        _ACCOUNT,
        "conversation.last_consumer_ts + seconds * 1000\n        self.changed(conversation)\n",
        "conversation.last_consumer_ts + seconds * 1000\n",
    ),
    "P9.4-when-closed": Breaks(
        _ACCOUNT,
        "            self._end(conversation, now)\n        self.changed(conversation)\n        self._react(",
        "            self._end(conversation, now)\n"
        "        if by != wire.AGENT:\n"
        "            self.changed(conversation)\n        self._react(",
    ),
    "P9.4-when-rated": Breaks(
        _ACCOUNT,
        "        conversation.csat = csat\n        self.changed(conversation)\n",
        "        conversation.csat = csat\n",
    ),
}
