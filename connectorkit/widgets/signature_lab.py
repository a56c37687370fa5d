"""The signature lab with fields: paste a body, a header and a secret, and read what is wrong."""

from __future__ import annotations

import contextlib
from typing import Any

import ipywidgets

from connectorkit import laboratory, markup, wire
from connectorkit.errors import ConnectorError
from connectorkit.laboratory import Diagnosis
from connectorkit.redact import Redactor, Secret
from connectorkit.widgets.controls import WRAPPED, button, choice, on_enter
from connectorkit.widgets.still import Still

_NO_SECRET = "Paste the client secret; the field forgets it at once"  # noqa: S105
_FORMS = {
    "Find out by itself": laboratory.AUTO,
    "The body itself": laboratory.TEXT,
    "With escapes, as in a log": laboratory.ESCAPED,
    "Hexadecimal": laboratory.HEX,
    "Base64": laboratory.BASE64,
}


def signature_lab() -> SignatureLab:
    """A panel that names what is wrong with a signature."""
    return SignatureLab()


class SignatureLab(Still):
    """Paste, and press **Check**. The secret is kept out of the panel's state, and so out of the notebook."""

    def __init__(self) -> None:
        self._secret = Secret("")
        self._redactor: Redactor | None = None
        self.diagnosis: Diagnosis | None = None
        self.body = ipywidgets.Textarea(
            description="Body",
            placeholder="The body of the request, as it was received or copied",
            tooltip="Body of the request",
            rows=5,
            layout=_WIDE,
            style=_LABEL,
        )
        self.form = choice("Body is", "How the body was copied", _FORMS.items(), _LABEL_WIDTH)
        self.header = ipywidgets.Text(
            description="Header",
            placeholder="The value of x-liveperson-signature: sha1=…",
            tooltip="Value of the signature header",
            continuous_update=False,
            layout=_WIDE,
            style=_LABEL,
        )
        self.secret = ipywidgets.Password(
            description="Secret",
            placeholder=_NO_SECRET,
            tooltip="Client secret; it is not kept in the notebook",
            continuous_update=False,
            layout=_WIDE,
            style=_LABEL,
        )
        which = "Which the account uses"
        self.algorithm = choice("Algorithm", which, wire.SIGNATURE_ALGORITHMS, _LABEL_WIDTH)
        self.encoding = choice("Encoding", which, wire.SIGNATURE_ENCODINGS, _LABEL_WIDTH)
        self.secret.observe(self._on_secret, "value")
        for field in (self.header, self.secret):
            on_enter(field, self._by_hand)
        check = button("Check", "Name what is wrong", self._by_hand, "primary")
        forget = button("Forget the secret", "The panel no longer knows the secret", self.forget)
        self._result = ipywidgets.HTML(layout=_WIDE)
        options = ipywidgets.HBox([self.form, self.algorithm, self.encoding], layout=WRAPPED)
        buttons = ipywidgets.HBox([check, forget], layout=WRAPPED)
        super().__init__([self.body, options, self.header, self.secret, buttons, self._result])

    def submit(
        self,
        body: str | None = None,
        header: str | None = None,
        secret: str | Secret | None = None,
        *,
        form: str | None = None,
    ) -> Diagnosis:
        """Check what is in the fields, after filling in what is given here.

        Raises ``SettingsError`` where the body is not of that form.
        """
        if secret is not None:
            self._keep(secret if isinstance(secret, Secret) else Secret(secret))
        del secret
        for field, value in ((self.body, body), (self.header, header)):
            if value is not None:
                field.value = value
        try:
            if form is not None:
                laboratory.check_form(form)
                self.form.value = form
            self.diagnosis = laboratory.signature_lab(
                self.body.value,
                self.header.value or None,
                self._secret,
                form=self.form.value,
                algorithm=self.algorithm.value,
                encoding=self.encoding.value,
            )
        except ConnectorError as error:
            self.diagnosis = None
            self._result.value = markup.note(str(error), good=False)
            raise
        self._result.value = self.diagnosis._repr_html_()
        return self.diagnosis

    def forget(self) -> None:
        """Know the secret no longer, and show nothing that was made with it."""
        self._keep(Secret(""))
        self.diagnosis = None
        self._result.value = markup.note("The secret is forgotten.")

    def __repr__(self) -> str:
        found = self.diagnosis.cause if self.diagnosis else "nothing checked yet"
        return f"<SignatureLab: {found}; run the notebook in JupyterLab to use it>"

    def _keep(self, secret: Secret) -> None:
        self._secret = secret
        self._redactor = Redactor(secret) if secret else None  # hides it in logs for as long as it is here
        known = f"Kept: {len(secret.reveal())} characters, fingerprint {secret.fingerprint}"
        self.secret.placeholder = known if secret else _NO_SECRET

    def _on_secret(self, change: Any) -> None:
        """Out of the field as soon as it has come: what is in a field may be saved with the notebook."""
        typed = Secret(change["new"])
        if typed:
            self._keep(typed)
            self.secret.value = ""

    def _by_hand(self) -> None:
        """Nobody would see a traceback of a callback; the panel has said what happened."""
        with contextlib.suppress(ConnectorError):
            self.submit()


_WIDE = ipywidgets.Layout(width="auto", max_width="60em")
_LABEL_WIDTH = "5em"
_LABEL = {"description_width": _LABEL_WIDTH}
