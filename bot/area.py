"""What the services of the customer area need of the settings: where its pages are, and the key they sign with."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from zoneinfo import ZoneInfo

from itsdangerous import URLSafeTimedSerializer

SPAIN = ZoneInfo("Europe/Madrid")
"""The clocks of the people who read what we write."""


@dataclass(frozen=True, slots=True)
class Area:
    """One customer area. `public_url` is how a person's browser reaches it, without a slash at the end."""

    public_url: str
    secret: bytes

    def url(self, path: str) -> str:
        """The address of one of our pages; `path` begins with a slash."""
        return self.public_url + path

    def digest(self, purpose: str, value: str) -> str:
        """How a token, a code or a key is stored: 64 hexadecimal characters that nobody can turn back without the secret."""
        return hmac.new(self.secret, f"{purpose}\0{value}".encode(), sha256).hexdigest()

    def signer(self, purpose: str) -> URLSafeTimedSerializer:
        """Signs values that travel in a link. One purpose's signature is no other's."""
        return URLSafeTimedSerializer(self.secret, salt=purpose, signer_kwargs={"digest_method": sha256})
