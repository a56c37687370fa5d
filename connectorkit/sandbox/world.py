"""One sandbox world: an account, its app, its administrator, its clock and its lot, all from one seed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import rsa

from connectorkit.sandbox.account import Account
from connectorkit.sandbox.clock import Clock
from connectorkit.sandbox.issuer import Issuer
from connectorkit.sandbox.seeded import Lot

DEFAULT_ACCOUNT_ID = "12345678"


class World:
    """Everything the endpoints act on.

    Without a ``seed`` one is drawn, and the signing key comes from the operating system, which is faster.
    The control token is new at every start, whatever the seed: it guards the control API from other
    programs and web pages.
    """

    def __init__(
        self,
        account_id: str = DEFAULT_ACCOUNT_ID,
        seed: int | None = None,
        clock: Clock | None = None,
        *,
        webhook: str | None = None,
        agent: bool = False,
        hosts: Mapping[str, str] | None = None,
    ) -> None:
        self.webhook = webhook  # where the first app is notified of everything; nowhere without
        self.agent = agent  # whether a scripted agent answers
        self.account_id = account_id
        self.seed = secrets.randbits(32) if seed is None else seed
        self.clock = clock or Clock()
        lot = Lot(self.seed)
        self.client_id = lot.uuid()
        self.client_secret = lot.secret()
        self.admin_username = "sandbox-admin"
        self.admin_password = lot.secret(20)
        key = rsa.generate_private_key(65537, 2048) if seed is None else lot.signing_key()
        self.issuer = Issuer(account_id, key, self.clock)
        self.account = Account(account_id, lot, self.clock)
        self.control_token = secrets.token_urlsafe(24)
        self.host = ""  # host:port, known once the server listens
        self.hosts = dict(hosts or {})  # service to the host that domain answers name instead
        self._lot = lot

    def new_admin_bearer(self) -> str:
        """A session of the administrator."""
        return self._lot.secret(40)

    def reset(self) -> None:
        """Forget conversations and profiles, return to real time; keys and credentials stay."""
        self.account.reset()
        self.clock.reset()
