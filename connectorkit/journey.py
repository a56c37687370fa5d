"""Consumers and conversations: the calls in the words of somebody who talks.

Methods here raise typed errors for refusals; the same request sent with ``kit.send`` returns them as a reply.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from inspect import Signature, signature
from typing import TYPE_CHECKING, Any, TypeVar, cast

from connectorkit import envelopes, markup, sdes
from connectorkit.checks import check_mapping, check_text, require
from connectorkit.conversations import AsyncConversation as AsyncConversation
from connectorkit.conversations import Conversation as Conversation
from connectorkit.errors import ConversationAlreadyOpenError, SandboxError
from connectorkit.log import Log
from connectorkit.replies import Reply, unexpected
from connectorkit.steps import client_headers
from connectorkit.tokens import Token

if TYPE_CHECKING:
    from connectorkit.async_client import AsyncClient
    from connectorkit.client import Client
    from connectorkit.control import SandboxControl
    from connectorkit.receiver import Receiver


_Method = TypeVar("_Method", bound=Callable[..., Any])


def _takes(builder: Callable[..., Any]) -> Callable[[_Method], _Method]:
    """Show a builder's keywords as the method's own, so that Tab and Shift+Tab list them."""

    def with_keywords(method: _Method) -> _Method:
        own = [p for p in signature(method).parameters.values() if p.kind is not p.VAR_KEYWORD]
        name, known = method.__name__, {*signature(builder).parameters} | {p.name for p in own[1:]}

        @wraps(method)
        def checked(self: Any, **words: Any) -> Any:
            for word in words:
                if word not in known:
                    near = difflib.get_close_matches(word, known, n=1)
                    hint = f"Did you mean {near[0]}?" if near else f"Known are {', '.join(sorted(known))}."
                    raise TypeError(f"{name}() has no argument {word!r}. {hint}")
            return method(self, **words)

        added = [p for p in signature(builder).parameters.values() if p.kind is p.KEYWORD_ONLY]
        checked.__signature__ = Signature([*own, *added])  # type: ignore[attr-defined]
        return cast(_Method, checked)

    return with_keywords


def opening(
    brand_id: str,
    *,
    first_name: str | None = None,
    last_name: str | None = None,
    customer: Mapping[str, Any] | None = None,
    skill_id: str | int | None = None,
    ttr_name: str | None = None,
    campaign: Mapping[str, Any] | None = None,
    context: Mapping[str, Any] | None = None,
    text: str | None = None,
) -> list[dict[str, Any]]:
    """The batch that ``open`` sends: profile, conversation request, and the first text if there is one.

    ``customer`` is an entry from ``sdes.customer_info``; ``campaign`` and ``context`` come from the
    builders of the same name in ``envelopes``.
    """
    named = first_name is not None or last_name is not None
    attributes = [sdes.personal_info(first_name=first_name, last_name=last_name)] if named else []
    if customer is not None:
        check_mapping("customer", customer, "sdes.customer_info(...)")
        attributes.append(dict(customer))
    batch = [
        envelopes.set_profile(first_name=first_name, last_name=last_name, sdes=attributes),
        envelopes.request_conversation(
            brand_id,
            skill_id=skill_id,
            ttr_name=ttr_name,
            campaign_info=campaign,
            conversation_context=context,
        ),
    ]
    if text is not None:
        first = envelopes.publish_text("unknown", text)
        first["body"]["dialogId"] = ""  # the service fills in the conversation it is about to open
        batch.append(first)
    return batch


class _Consumer:
    """What both kinds of consumer share."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def _repr_html_(self) -> str:
        return markup.facts("Consumer", [("name", self.name)])


class Consumer(_Consumer):
    """One consumer, for whom the connector speaks."""

    def __init__(self, client: Client, name: str) -> None:
        super().__init__(name)
        self._client = client

    @property
    def log(self) -> Log:
        """The log that this consumer's exchanges go to."""
        return self._client.log

    @property
    def notifications(self) -> Receiver | None:
        """The receiver of the kit that this consumer belongs to; ``None`` where it is a plain client."""
        receiver: Receiver | None = getattr(self._client, "notifications", None)
        return receiver

    @property
    def sandbox(self) -> SandboxControl | None:
        """The sandbox that the kit of this consumer talks to; ``None`` where that is an account."""
        try:
            sandbox: SandboxControl | None = getattr(self._client, "sandbox", None)
        except SandboxError:
            return None
        return sandbox

    @_takes(opening)
    def open(
        self, *, features: Iterable[str] | None = None, properties: str | None = None, **opening_words: Any
    ) -> Conversation:
        """CONVERSATION: set the profile and open a conversation. See ``opening`` for what can be said.

        ``features`` (e.g. ``["MULTI_DIALOG"]``) are switched on here and repeated on every SEND of this
        conversation, in the Client-Properties header; ``properties`` is the whole header from
        ``envelopes.client_properties``.

        Where the service refuses because one is open already, and the log remembers which, that one is
        returned, marked as ``resumed``, and the ``text`` is sent there: a notebook can be run again.
        """
        header = _properties(features, properties)
        batch = opening(self._client.settings.account_id, **opening_words)
        reply = self._client.conversation(batch, consumer=self.name, headers=client_headers(header))
        talk = Conversation(self, *_opened(self._client, self.name, reply), header)
        if talk.resumed and (text := opening_words.get("text")) is not None:
            talk.send(text)  # it was refused together with the opening
        return talk

    @_takes(envelopes.set_profile)
    def set_profile(self, **profile: Any) -> Reply:
        """SEND ``userprofile.SetUserProfile``; the arguments are those of ``envelopes.set_profile``."""
        return self._send(envelopes.set_profile(**profile))

    def jws(self) -> Token:
        """The consumer's own ConsumerJWS, fetched when it is first needed."""
        return self._client.consumer_jws(self.name)

    def _send(self, envelope: dict[str, Any]) -> Reply:
        return self._client.send(envelope, consumer=self.name).raise_for_error()


class AsyncConsumer(_Consumer):
    """The asynchronous twin of ``Consumer``."""

    def __init__(self, client: AsyncClient, name: str) -> None:
        super().__init__(name)
        self._client = client

    @_takes(opening)
    async def open(
        self, *, features: Iterable[str] | None = None, properties: str | None = None, **opening_words: Any
    ) -> AsyncConversation:
        """See ``Consumer.open``."""
        header = _properties(features, properties)
        batch = opening(self._client.settings.account_id, **opening_words)
        reply = await self._client.conversation(batch, consumer=self.name, headers=client_headers(header))
        talk = AsyncConversation(self, *_opened(self._client, self.name, reply), header)
        if talk.resumed and (text := opening_words.get("text")) is not None:
            await talk.send(text)
        return talk

    @_takes(envelopes.set_profile)
    async def set_profile(self, **profile: Any) -> Reply:
        """See ``Consumer.set_profile``."""
        return await self._send(envelopes.set_profile(**profile))

    async def jws(self) -> Token:
        """See ``Consumer.jws``."""
        return await self._client.consumer_jws(self.name)

    async def _send(self, envelope: dict[str, Any]) -> Reply:
        return (await self._client.send(envelope, consumer=self.name)).raise_for_error()


def _properties(features: Iterable[str] | None, properties: str | None) -> str | None:
    """The Client-Properties header, if there is to be one."""
    if properties is None:
        return None if features is None else envelopes.client_properties(features=features)
    require(
        features is None,
        "features",
        "is given beside properties",
        "Put both into properties=envelopes.client_properties(features=…, …).",
    )
    check_text("properties", properties)
    require(
        properties.isascii(),
        "properties",
        "has characters that no header takes",
        "Build it with envelopes.client_properties(...), which escapes them.",
    )
    return properties


def _opened(client: Client | AsyncClient, consumer: str, reply: Reply) -> tuple[str, bool]:
    """The conversation's id, and whether it was open before."""
    try:
        reply.raise_for_error()
    except ConversationAlreadyOpenError as refusal:
        remembered = client.remembered_conversation(consumer)
        if remembered is None:
            refusal.add_note("The log does not know which one: it was opened by another program or log.")
            raise
        client.note_owner(remembered, consumer)
        return remembered, True
    if reply.conversation_id is None:
        raise unexpected(reply, "a list with a conversationId")
    return reply.conversation_id, False
