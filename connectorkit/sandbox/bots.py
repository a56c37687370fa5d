"""The account's bots: the greeting of the automatic messages, the survey after a conversation, auto-close."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectorkit import wire
from connectorkit.sandbox.account import Account
from connectorkit.sandbox.agent import quick_replies
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.members import Members
from connectorkit.sandbox.refusals import bad
from connectorkit.sandbox.schedule import Schedule, Timer
from connectorkit.sandbox.seeded import Lot
from connectorkit.sandbox.state import Conversation, Dialog, Participant

if TYPE_CHECKING:
    from connectorkit.sandbox.options import Options

GREETING_MS = 10_000  # the first message must follow within this time of opening
SURVEY_IDLE_SECONDS = 7 * 86400
AUTO_CLOSE_CHECK_SECONDS = 25 * 60
SYSTEM = "SYSTEM"


def check_survey(survey: Members) -> None:
    """Refuse a survey that could not be held."""
    if not all(isinstance(skill, str) for skill in survey.items("skills")):
        raise bad(f"{survey.path('skills')} must be strings")
    if not survey.items("questions"):
        raise bad(f"{survey.path('questions')} must have at least one question")
    for question in survey.objects("questions"):
        question.text("text", required=True, empty=False)
        for reply in question.items("replies"):
            if not isinstance(reply, str) or not 0 < len(reply) <= wire.MAX_TITLE:
                raise bad(f"{question.path('replies')} must be strings of 1 to {wire.MAX_TITLE} characters")


class Greeter:
    """Greets, where the account has a greeting and the client shows automatic messages."""

    def __init__(self, account: Account, options: Options, clock: Clock) -> None:
        self._account = account
        self._options = options
        self._clock = clock

    def react(self, what: str, talk: Conversation, dialog: Dialog, record: dict[str, Any]) -> None:
        """Greet after the first message, if it came in time."""
        greeting = self._options.auto_messages
        if what != "said" or talk.greeted or dialog is not talk.main:
            return
        talk.greeted = True  # or too late for it: only the first message counts
        in_time = self._clock.now_ms() - talk.start_ts <= GREETING_MS
        if greeting and in_time and wire.AUTO_MESSAGES in talk.features_at_opening:
            event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": greeting}
            self._account.publish(dialog, self._account.controller, event)


class SurveyBot:
    """Asks its questions in a dialog of their own when the main dialog closes."""

    def __init__(
        self, account: Account, options: Options, schedule: Schedule, clock: Clock, lot: Lot
    ) -> None:
        self._account = account
        self._options = options
        self._schedule = schedule
        self._clock = clock
        self._lot = lot
        self._bot = Participant(lot.uuid(), wire.AGENT)
        self._app_id = lot.uuid()

    def react(self, what: str, talk: Conversation, dialog: Dialog, record: dict[str, Any]) -> None:
        """Open the survey with the main dialog's end, and go on with every answer."""
        if what == "closing" and self._applies(talk):
            consumer = Participant(talk.consumer_id, wire.CONSUMER)
            assert talk.had_agent is not None
            reader = Participant(talk.had_agent.id, wire.READER)
            self._account.add_dialog(
                talk,
                self._lot.uuid(),
                [self._bot, consumer, reader],
                type=wire.SURVEY_DIALOG,
                app_id=self._app_id,
            )
        elif what == "closed" and talk.active.type == wire.SURVEY_DIALOG and not talk.active.events:
            self._ask(talk, talk.active)
        elif what == "said" and dialog.type == wire.SURVEY_DIALOG:
            self._ask(talk, dialog)

    def arm(self) -> None:
        """Watch the surveys that are open; to be called where timers were lost, as with a restore."""
        for talk in self._account.conversations.values():
            if talk.active.type == wire.SURVEY_DIALOG and talk.active.state == wire.OPEN:
                self._watch(talk, talk.active)

    def _applies(self, talk: Conversation) -> bool:
        survey = self._options.survey
        return (
            survey is not None
            and (survey.get("skills") is None or talk.skill_id in survey["skills"])
            and wire.MULTI_DIALOG in talk.features_at_opening
            and talk.had_agent is not None
        )

    def _ask(self, talk: Conversation, dialog: Dialog) -> None:
        asked = sum(
            record["originatorId"] == self._bot.id and record["event"]["type"] == wire.CONTENT_EVENT
            for record in dialog.events
        )
        questions = (self._options.survey or {}).get("questions") or []
        if asked >= len(questions):
            self._account.close_dialog(talk, dialog, wire.AGENT, "Completed")
            return
        question = questions[asked]
        event = {"type": wire.CONTENT_EVENT, "contentType": wire.TEXT, "message": question["text"]}
        if replies := question.get("replies"):
            event["quickReplies"] = quick_replies(replies, questionId=str(asked + 1), provider="survey")
        self._account.publish(dialog, self._bot, event)
        if asked == 0:
            self._watch(talk, dialog)

    def _watch(self, talk: Conversation, dialog: Dialog) -> None:
        """Close the survey once nothing has happened in it for a week."""
        idle = (self._clock.now_ms() - dialog.events[-1]["serverTimestamp"]) / 1000
        if dialog.state == wire.CLOSE:
            return
        if idle >= SURVEY_IDLE_SECONDS:
            self._account.close_dialog(talk, dialog, SYSTEM)
        else:
            self._schedule.after(SURVEY_IDLE_SECONDS - idle, lambda: self._watch(talk, dialog))


class AutoClose:
    """Closes conversations that wait too long for their consumer, where the account wants that."""

    def __init__(self, account: Account, options: Options, schedule: Schedule, clock: Clock) -> None:
        self._account = account
        self._options = options
        self._schedule = schedule
        self._clock = clock
        self._timer: Timer | None = None

    def arm(self) -> None:
        """Look every 25 minutes from now on, as long as the option is set."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._options.auto_close_seconds is not None:
            self._timer = self._schedule.after(AUTO_CLOSE_CHECK_SECONDS, self._look)

    def _look(self) -> None:
        longest = self._options.auto_close_seconds
        if longest is not None:
            for talk in list(self._account.conversations.values()):
                waiting = talk.last_agent_ts is not None and talk.effective_ttr == -1 and not talk.closed
                if waiting and self._clock.now_ms() - (talk.last_agent_ts or 0) >= longest * 1000:
                    self._account.close_all(talk, SYSTEM)
        self.arm()
