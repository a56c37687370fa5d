"""Breaks the promises of sections 9.6 and 9.7."""

from __future__ import annotations

from tests.mutants.promises.model import Breaks

_OUTBOX, _RETENTION, _SENDER = "sandbox/outbox.py", "sandbox/retention.py", "sandbox/sender.py"

_WEBHOOK = "self._outbox.app.webhooks[item.event.type]"
_SENT = "self._outbox.queue(conversation.side, item)"


def _placed(condition: str, done: str) -> Breaks:
    """While the app has failed, something else is done with such an event."""
    return Breaks(
        _RETENTION,
        "        if self.state == FAILED:\n            conversation.main.items.append(item)\n",
        f"        if self.state == FAILED and {condition}:\n            {done}\n"
        "        elif self.state == FAILED:\n            conversation.main.items.append(item)\n",
    )


DEFECTS = {
    "P9.6-success": Breaks(_SENDER, "_SUCCESS = (200, 201)", "_SUCCESS = (200,)"),
    "P9.6-failure": Breaks(_SENDER, "_SUCCESS = (200, 201)", "_SUCCESS = (200, 201, 203, 302)"),
    "P9.6-timeouts": Breaks(
        "sandbox/options.py",
        "    read_timeout_seconds: float = 5.0\n",
        "    read_timeout_seconds: float = 10.0\n",
    ),
    "P9.6-late": Breaks(
        _SENDER,
        "        except DeliveryFailed as failure:\n            error = failure.reason\n",
        "        except DeliveryFailed as failure:\n"
        "            error = None if 'no answer within' in failure.reason else failure.reason\n",
    ),
    "P9.6-slow": Breaks(_SENDER, "_SLOW_WINDOW_SECONDS = 120.0", "_SLOW_WINDOW_SECONDS = 60.0"),
    "R9.6-disabled": Breaks(
        _SENDER,
        "        if self.options.disable_slow_apps and self.on_disable is not None:\n",
        "        if self.on_disable is not None:\n",
    ),
    "P9.7-count-default": Breaks(
        _OUTBOX, "(webhook.max_retries or 0)", "(1 if webhook.max_retries is None else webhook.max_retries)"
    ),
    "P9.7-count": Breaks(_OUTBOX, "(webhook.max_retries or 0)", "min(webhook.max_retries or 0, 4)"),
    "P9.7-count-pause": Breaks(_OUTBOX, "RETRY_SECONDS = 30.0", "RETRY_SECONDS = 20.0"),
    "P9.7-count-unit": Breaks(
        _OUTBOX,
        "        self.schedule.after(RETRY_SECONDS, partial(self._retry, item))\n",
        "        def go_on() -> None:\n"
        "            conversation.side.busy = False\n"
        "            self.wake(conversation.main)\n"
        "        self.schedule.after(RETRY_SECONDS, partial(self._retry, item))\n"
        "        conversation.side.busy = True\n"
        "        self.schedule.after(RETRY_SECONDS + 0.1, go_on)\n",
    ),
    "P9.7-pauses": Breaks(_RETENTION, "min(2 * self._pause, LONGEST", "min(3 * self._pause, LONGEST"),
    "P9.7-longest-pause": Breaks(
        _RETENTION, "LONGEST_PAUSE_SECONDS = 2.0, 300.0", "LONGEST_PAUSE_SECONDS = 2.0, 600.0"
    ),
    "P9.7-wins": Breaks(
        _OUTBOX,
        "            if webhook.max_retries == 0:\n",
        "            if webhook.max_retries is not None and item.attempts > webhook.max_retries:\n",
    ),
    "P9.7-order": _placed("len(conversation.main.items) >= 4", "conversation.main.items.insert(3, item)"),
    "P9.7-failed": _placed("not conversation.main.active", _SENT),
    "P9.7-all-endpoints": _placed(f"{_WEBHOOK}.endpoint not in self._failed", _SENT),
    "P9.7-up": Breaks(
        _RETENTION, "        self.state = RECOVERED if later else UP\n", "        self.state = RECOVERED\n"
    ),
    "P9.7-lost": Breaks(
        _OUTBOX,
        "self.schedule.clock.now() - item.at > retention\n",
        "self.schedule.clock.now() - item.at > retention * 60\n",
    ),
    "P9.7-never-retried": Breaks(
        _OUTBOX,
        "            if webhook.max_retries == 0:\n                return LOST\n",
        "",
    ),
    "P9.7-never-retried-stored": _placed(f"{_WEBHOOK}.max_retries == 0", _SENT),
    "P9.7-transition-new": Breaks(
        _RETENTION,
        "        elif conversation.resending or conversation.later:\n",
        "        elif self.state == IN_TRANSITION:\n",
    ),
    "P9.7-transition-stored": Breaks(
        _RETENTION,
        "            conversation.later.append(item)\n",
        f"            if conversation.main.items:\n                {_SENT}\n"
        "            else:\n                conversation.later.append(item)\n",
    ),
    "P9.7-transition-failed": Breaks(
        _RETENTION,
        "        if self.state == FAILED:\n            return\n        self.state",
        "        if self.state in (FAILED, IN_TRANSITION):\n            return\n        self.state",
    ),
    "P9.7-drain": Breaks(_RETENTION, "HOLD_SECONDS = 4.0", "HOLD_SECONDS = 8.0"),
    "P9.7-drained": Breaks(
        _RETENTION,
        "            for item, timer in conversation.held.items():\n",
        "            for item, timer in reversed(conversation.held.items()):\n",
    ),
}
