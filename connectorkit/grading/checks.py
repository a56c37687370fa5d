"""What a receiver is graded for: each check, each defect that it can name, what to do and what to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from connectorkit.markup import Shown

_PAGES = "Connector API, Webhooks: "
_ANSWERING = f"{_PAGES}Notification Protocol, Protocol and Security"
_SIGNING = f"{_PAGES}Notification Protocol, Authentication"
_RETRYING = f"{_PAGES}Retry Policy, Retry based on time to live"
_LIMITS = f"{_PAGES}Retry Policy, Limitations"
_EVENTS = f"{_PAGES}Events"
_EXAMPLES = f"{_PAGES}Webhooks Examples"
_HTTP = "RFC 9110, HTTP Semantics: "


@dataclass(frozen=True)
class Check(Shown):
    """One thing to be graded. ``inside`` checks need a view into the receiver.

    ``title`` completes "a good receiver …"; ``section`` is the page of the vendor's documents to read.
    """

    name: str
    title: str
    section: str
    inside: bool = False


CHECKS = (
    Check("accepts", "answers 200 or 201", _ANSWERING),
    Check("tls", "speaks TLS 1.2 or newer, with a certificate that is trusted", _ANSWERING),
    Check("fast", "answers within 2.5 s", _ANSWERING),
    Check("header-case", "finds headers in any letter case", f"{_HTTP}Field Names"),
    Check("raw-bytes", "verifies the bytes as they came, with emoji and odd blanks", _SIGNING),
    Check("forged", "refuses a wrong signature", _SIGNING),
    Check("unsigned", "refuses a missing signature", _SIGNING),
    Check("whole-signature", "compares the whole signature", _SIGNING),
    Check("addressee", "refuses what is for another account or app", _SIGNING),
    Check("every-type", "takes every type of notification", _EVENTS),
    Check("unknown-members", "takes members it does not know", _EXAMPLES),
    Check("unknown-types", "takes types it does not know", _EVENTS),
    Check("large", "takes a body of 1 MB", _EXAMPLES),
    Check("duplicates", "takes the same notification again", _LIMITS),
    Check("late", "takes what comes late or is out of date", _LIMITS),
    Check("burst", "answers many at once, in time", _ANSWERING),
    Check("connections", "keeps a connection, or says that it closes it", f"{_HTTP}Connection"),
    Check("other-requests", "survives what is no notification", f"{_HTTP}Methods"),
    Check("outage", "takes what was kept for two hours", _RETRYING),
    Check("complete", "keeps all that it has taken", _RETRYING, inside=True),
    Check("once", "works on a notification once", _LIMITS, inside=True),
    Check("order", "sorts messages by their number", _LIMITS, inside=True),
    Check("newest", "keeps the newest state of a conversation", _EXAMPLES, inside=True),
    Check("refused-gone", "does not work on what it has refused", _SIGNING, inside=True),
    Check("texts", "keeps texts as they were written", _EXAMPLES, inside=True),
)
BY_NAME: Mapping[str, Check] = MappingProxyType({check.name: check for check in CHECKS})

# Each defect: what is wrong, then the next step. Those named like a cause of ``signature.CAUSES`` are not
# here: their words are there.
DEFECTS: Mapping[str, str] = MappingProxyType(
    {
        "unreachable": (
            "Nothing answers at this address. Start the receiver, and check address, port and firewall."
        ),
        "refuses-valid": (
            "A notification that is signed as it should be is refused. Check that the receiver has the "
            "same account, client id and secret as this check, and look into its log."
        ),
        "counts-as-failure": (
            "The receiver takes a notification but answers with a status that counts as a failure, so the "
            "service sends it again and again. Answer 200."
        ),
        "breaks-at-times": (
            "Some notifications are answered only when they are sent again: the connection ends without an "
            "answer. Look for workers that crash, are restarted or hang up too soon."
        ),
        "plain-http": (
            "The address is not https, and the service delivers over TLS only. Give it a certificate."
        ),
        "untrusted-certificate": (
            "The certificate is not trusted, so the service would not deliver. Use one for this host name "
            "from a public authority; to try a local one, name its CA with --trust."
        ),
        "slow-answer": (
            "The receiver works before it answers. The service gives up after 5 s, sends again, and may "
            "disable an app that takes over 2.5 s. Put the notification into a queue, answer, then work."
        ),
        "case-sensitive-header": (
            "The headers are looked up in one spelling, and names of headers have no letter case. Use the "
            "mapping of your framework, or lower-case all names first."
        ),
        "no-verification": (
            "A notification with a wrong signature is taken: anybody who knows the address can write into "
            "conversations. Verify x-liveperson-signature and answer 401 where it does not fit."
        ),
        "missing-signature-accepted": (
            "A notification without a signature is taken: leaving the header out gets around the "
            "verification. Treat a missing header like a wrong one."
        ),
        "prefix-compared": (
            "A part of the signature is enough, so it can be guessed piece by piece. Compare the whole "
            "header with the whole expected value, in constant time."
        ),
        "addressee-ignored": (
            "A notification for another account or app is taken. Compare x-liveperson-account-id and "
            "x-liveperson-client-id with your own."
        ),
        "refuses-type": (
            "A type of notification that the service sends is refused. Answer 200 to each; what you have "
            "no use for can be ignored."
        ),
        "strict-members": (
            "A notification with a member that is not in the documents is refused. Ignore what you do not "
            "know: the service adds members without notice."
        ),
        "strict-types": (
            "A type, content or status that is not in the documents is refused. Answer 200 and ignore it: "
            "the service adds types without notice."
        ),
        "small-body-limit": (
            "A large notification is refused. Raise the limit for the body, in the server and in any "
            "proxy before it, to more than 1 MB."
        ),
        "refuses-duplicate": (
            "A notification that comes again is refused, so it will come again and again. Answer 200 to "
            "what you have already, and do nothing."
        ),
        "refuses-late": (
            "What comes late or is out of date is refused, so it will come again and again. Answer 200, "
            "then sort it in or ignore it."
        ),
        "breaks-under-burst": (
            "Many notifications at once are not all answered well and in time. Answer before working, and "
            "serve connections side by side."
        ),
        "drops-connection": (
            "The connection is closed after an answer that did not announce it, so the next notification "
            "on it is lost and sent again. Keep it open for a while, or send Connection: close."
        ),
        "breaks-on-other-requests": (
            "A request that is no notification makes the receiver fail. Answer 404 or 405 to it."
        ),
        "refuses-backlog": (
            "What the service has kept during an outage is refused, and would be lost after the retention "
            "time. Take notifications however old they are, up to three days."
        ),
        "loses-events": (
            "Notifications that were answered with 200 are missing. Store each one before the answer: the "
            "service will not send it again."
        ),
        "works-twice": (
            "A notification that came twice was worked on twice. Remember dialogId and sequence of each "
            "event, convId and metaDataLastUpdateTs of each conversation change."
        ),
        "order-by-arrival": (
            "Messages stand in the order in which they arrived. Sort them by sequence, and wait a moment "
            "where a number is missing."
        ),
        "outdated-state": (
            "An old state of a conversation has replaced a newer one. Ignore a conversation change whose "
            "metaDataLastUpdateTs is not newer than the one you have."
        ),
        "works-on-refused": (
            "What was refused was worked on all the same. Verify first, and return before anything else "
            "is done."
        ),
        "garbled-text": (
            "A text is not the one that was sent. Decode the body as UTF-8, after the verification."
        ),
    }
)
