"""Session ids of the web chat: unguessable, signed, and nothing else. Naming another one's id does not make it yours."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from bot.channels.web.transport import address_of

IDENTIFIER_BYTES = 16
SIGNATURE_CHARACTERS = 32


class Sessions:
    """Issues and checks session ids of the form `identifier.signature`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self) -> str:
        """A new id: 128 random bits and their signature."""
        identifier = secrets.token_urlsafe(IDENTIFIER_BYTES)
        return f"{identifier}.{self._signature(identifier)}"

    def is_ours(self, session_id: object) -> bool:
        """Whether this very id was issued with our key. Any other value is False, never an error."""
        if not isinstance(session_id, str) or not session_id.isascii():
            return False
        identifier, _, signature = session_id.partition(".")
        return hmac.compare_digest(signature, self._signature(identifier))

    def owns(self, address: str, session_id: object) -> bool:
        """Whether this id was issued for that very conversation."""
        return self.is_ours(session_id) and address_of(identifier_of(str(session_id))) == address

    def _signature(self, identifier: str) -> str:
        return hmac.new(self._secret, b"web session " + identifier.encode(), sha256).hexdigest()[:SIGNATURE_CHARACTERS]


def identifier_of(session_id: str) -> str:
    """The part of a session id that names the conversation; the signature is kept nowhere."""
    return session_id.partition(".")[0]
