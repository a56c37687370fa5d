"""Breaks the promises of sections 11.1 to 11.5."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_ACCOUNT, _AGENT, _BOTS = "sandbox/account.py", "sandbox/agent.py", "sandbox/bots.py"
_MESSAGING, _NOTICES, _STATE = "sandbox/messaging.py", "sandbox/notices.py", "sandbox/state.py"

DEFECTS = {
    "P11.1-closed": Breaks(
        _NOTICES,
        '"stage": conversation.stage',
        '"stage": conversation.stage if len(conversation.dialogs) > 1 or '
        'conversation.close_reason != wire.CONSUMER else "OPEN"',
    ),
    "P11.1-survey": Breaks(_NOTICES, '"state": conversation.state', '"state": conversation.stage'),
    "P11.1-survey-done": Breaks(
        _ACCOUNT,
        "        if all(d.state == wire.CLOSE for d in conversation.dialogs):\n",
        "        if all(d.state == wire.CLOSE for d in conversation.dialogs) and cause != 'Completed':\n",
    ),
    "P11.1-idle": Breaks(
        _BOTS, "self._account.close_all(talk, SYSTEM)", 'self._account.close_all(talk, "TIMEOUT")'
    ),
    "P11.1-awaited": Breaks(_BOTS, "talk.effective_ttr == -1 and not talk.closed", "not talk.closed"),
    "P11.1-idle-range": Breaks(
        "sandbox/options.py", "_AUTO_CLOSE_SECONDS = (25 * 60.0", "_AUTO_CLOSE_SECONDS = (20 * 60.0"
    ),
    "R11.1-idle-off": Breaks(
        "sandbox/options.py",
        "auto_close_seconds: float | None = None",
        "auto_close_seconds: float | None = 90 * 86400",
    ),
    "P11.1-survey-idle": Breaks(_BOTS, "SURVEY_IDLE_SECONDS = 7 * 86400", "SURVEY_IDLE_SECONDS = 30 * 86400"),
    "P11.1-resumed": Breaks(
        _AGENT,
        "        self._account.open(talk.consumer_id, request,",
        '        self._account.open("0" * 64, request,',
    ),
    "P11.1-same-id": Breaks(
        _NOTICES,
        '        "convId": conversation.id,\n',
        '        "convId": conversation.id + ("" if conversation.skill_id != "4711" else "-4711"),\n',
    ),
    "P11.2-feature": Breaks(_BOTS, "            and wire.MULTI_DIALOG in talk.features_at_opening\n", ""),
    "P11.2-skill": Breaks(_BOTS, "talk.skill_id in survey", 'talk.request.get("skillId", "-1") in survey'),
    "P11.2-agent": Breaks(
        _BOTS,
        "            and talk.had_agent is not None\n",
        "            and setattr(talk, 'had_agent', talk.had_agent or self._bot) is None\n",
    ),
    "P11.2-people": Breaks(_BOTS, "[self._bot, consumer, reader],", "[self._bot, consumer],"),
    "P11.2-own-id": Breaks(_BOTS, "                app_id=self._app_id,\n", ""),
    "P11.2-questions": Breaks(
        _BOTS,
        '        if replies := question.get("replies"):\n',
        '        if asked and (replies := question.get("replies")):\n',
    ),
    "P11.2-answers": Breaks(_BOTS, "question = questions[asked]", "question = questions[0]"),
    "P11.2-completed": Breaks(_BOTS, '"Completed")', '"Done")'),
    "P11.3-one-agent": Breaks(
        _AGENT,
        "        if role == wire.ASSIGNED_AGENT:\n",
        "        if role == wire.ASSIGNED_AGENT and talk.main.assigned_agent is None:\n",
    ),
    "P11.3-roles": Breaks(
        _NOTICES,
        '[{"id": p.id, "role": p.role} for p in',
        '[{"id": p.id, "role": p.role.removeprefix("AGENT_")} for p in',
    ),
    "R11.3-order": Breaks(_STATE, "wire.READER: 2", "wire.READER: 0"),
    "P11.3-active": Breaks(_NOTICES, '"state": "ACTIVE"', '"state": "ONLINE"'),
    "C11.4-default": Breaks(_STATE, 'DEFAULT_TTR = "PRIORITIZED"', 'DEFAULT_TTR = "NORMAL"'),
    "R11.4-urgent": Breaks(_STATE, '"URGENT": 300', '"URGENT": 60'),
    "R11.4-normal": Breaks(_STATE, '"NORMAL": 900', '"NORMAL": 3600'),
    "R11.4-custom": Breaks(_STATE, '"CUSTOM": 1200', '"CUSTOM": 600'),
    "P11.4-effective": Breaks(
        _ACCOUNT,
        "            conversation.effective_ttr = now + conversation.ttr_seconds * 1000\n",
        "            conversation.effective_ttr = now + TTR_SECONDS[conversation.ttr_type] * 1000\n",
    ),
    "P11.4-replied": Breaks(
        _ACCOUNT,
        "            conversation.last_agent_ts = now\n            conversation.effective_ttr = -1\n",
        "            conversation.last_agent_ts = now\n",
    ),
    "P11.4-closed": Breaks(
        _ACCOUNT,
        "            conversation.close_reason = by\n            conversation.effective_ttr = -1\n",
        "            conversation.close_reason = by\n",
    ),
    "P11.5-after-close": Breaks(
        _ACCOUNT,
        "        conversation.csat = csat\n",
        "        if conversation.csat or conversation.state != wire.CLOSE:\n"
        "            conversation.csat = csat\n",
    ),
    "R11.5-last": Breaks(
        _ACCOUNT,
        "        conversation.csat = csat\n",
        "        conversation.csat = conversation.csat or csat\n",
    ),
}
