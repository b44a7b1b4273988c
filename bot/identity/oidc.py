"""Signing in with the company's own identity provider: OpenID Connect, authorization code with PKCE.

Nothing of a provider is kept between two sign-ins, neither its keys nor its addresses: a sign-in is rare, and what is
asked anew is never stale. What a sign-in under way needs is in a signed cookie of the browser that began it.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import quote_plus, urlsplit

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Response

from bot.area import Area
from bot.identity.signed import sign, unsign

CALLBACK = "/entrar/proveedor/respuesta"
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
"""Signatures with a public key only: with a shared one whoever knows it could write tokens."""
WITHIN = timedelta(minutes=10)
LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 5.0
TOKEN_CHARACTERS = 48
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PURPOSE = "provider journey"
EMAIL = "email"
PROVIDER_IS_ILL = ("server_error", "temporarily_unavailable")


class ProviderProblem(StrEnum):
    """Why nobody was signed in; the values name the texts of the page."""

    DENIED = "denied"
    UNREACHABLE = "unreachable"
    BAD_ANSWER = "bad_answer"
    NO_IDENTIFIER = "no_identifier"
    LOST = "lost"


STATUS = {ProviderProblem.UNREACHABLE: 503, ProviderProblem.BAD_ANSWER: 502}
"""What a page about a problem answers; 403 for all others."""


class ProviderFailed(Exception):
    """The provider did not say who it is; `token` is the sign-in link's, empty when it is not known any more."""

    def __init__(self, problem: ProviderProblem, token: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.token = token


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How the company's provider knows us. `claim` names the claim of the ID token that holds the identifier.

    "email" counts only where the provider says that it has verified it.
    """

    issuer: str
    client_id: str
    client_secret: str
    claim: str = "nif"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes next, and the cookie it takes along."""

    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who the provider says it is (as it writes the identifier), and for which sign-in link."""

    token: str
    identifier: str


@dataclass(frozen=True, slots=True)
class _Journey:
    """What the cookie holds. `state` ties the answer to this browser, `nonce` the ID token, `verifier` the code."""

    token: str
    state: str
    nonce: str
    verifier: str


class OpenIdProvider:
    """One provider, which sends its answers to the path `callback`. Its methods call it over the network: for threads only, each call ends within seconds."""

    def __init__(
        self, settings: ProviderSettings, area: Area, clock: Callable[[], datetime], callback: str = CALLBACK
    ) -> None:
        if not _is_safe(settings.issuer):
            raise ValueError("the issuer's address must begin with https://")
        self._settings = settings
        self._area = area
        self._callback = area.url(callback)
        self._purpose = f"{_PURPOSE} {callback}"
        self._clock = clock

    def depart(self, token: str) -> Departure:
        """Begin a sign-in for that link. Raises ProviderFailed when the provider does not answer."""
        journey = _Journey(token, *(generate_token(TOKEN_CHARACTERS) for _ in range(3)))
        with self._session() as session:
            metadata = self._metadata(session, token)
            url, _ = session.create_authorization_url(
                metadata["authorization_endpoint"],
                state=journey.state,
                nonce=journey.nonce,
                code_verifier=journey.verifier,
                **self._asked_claim(metadata),
            )
        return Departure(url, sign(self._area, self._purpose, asdict(journey), self._clock() + WITHIN))

    def arrive(self, cookie: str | None, query: Mapping[str, str]) -> Arrival:
        """Read the provider's answer in the browser that began. Raises ProviderFailed."""
        journey = self._journey(cookie)
        if not hmac.compare_digest(query.get("state", "").encode(), journey.state.encode()):
            raise ProviderFailed(ProviderProblem.LOST)
        try:
            with self._session() as session:
                return Arrival(journey.token, self._identifier(session, journey, query))
        except RequestException:
            raise ProviderFailed(ProviderProblem.UNREACHABLE, journey.token) from None
        except (AuthlibBaseError, JoseError, ValueError, KeyError, TypeError):  # keys and tokens that are none, too
            raise ProviderFailed(ProviderProblem.BAD_ANSWER, journey.token) from None

    def _journey(self, cookie: str | None) -> _Journey:
        kept = unsign(self._area, self._purpose, cookie, self._clock())
        if kept is None:
            raise ProviderFailed(ProviderProblem.LOST)
        return _Journey(**kept)

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._settings.client_id,
            self._settings.client_secret or None,
            scope="openid profile email" if self._settings.claim == EMAIL else "openid profile",
            redirect_uri=self._callback,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )

    def _credentials(self) -> tuple[str, str] | None:
        """Id and secret, encoded as RFC 6749 wants it in 2.3.1 and the library does not; None for a public client."""
        if not self._settings.client_secret:
            return None
        return quote_plus(self._settings.client_id), quote_plus(self._settings.client_secret)

    def _metadata(self, session: OAuth2Session, token: str) -> dict[str, Any]:
        """What the provider publishes about itself; its addresses are as safe as the issuer's."""
        url = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            metadata = _json(session.get(url, withhold_token=True))
        except RequestException:
            raise ProviderFailed(ProviderProblem.UNREACHABLE, token) from None
        addresses = [metadata.get(f"{name}_endpoint") for name in ("authorization", "token")] + [
            metadata.get("jwks_uri")
        ]
        if metadata.get("issuer") != self._settings.issuer or not all(map(_is_safe, addresses)):
            raise ProviderFailed(ProviderProblem.BAD_ANSWER, token)
        return metadata

    def _asked_claim(self, metadata: dict[str, Any]) -> dict[str, str]:
        """Ask for the claim by name where the provider lets one."""
        if metadata.get("claims_parameter_supported") is not True:
            return {}
        wanted = {self._settings.claim: {"essential": True}}
        return {"claims": json.dumps({"id_token": wanted, "userinfo": wanted})}

    def _identifier(self, session: OAuth2Session, journey: _Journey, query: Mapping[str, str]) -> str:
        metadata = self._metadata(session, journey.token)
        code = self._code(metadata, journey, query)
        answer = session.fetch_token(
            metadata["token_endpoint"], code=code, code_verifier=journey.verifier, auth=self._credentials()
        )
        claims = self._verified(session, metadata, answer, journey.nonce)
        value = self._said_in(claims) or self._from_userinfo(session, metadata, claims["sub"])
        if not isinstance(value, str) or not value.strip():
            raise ProviderFailed(ProviderProblem.NO_IDENTIFIER, journey.token)
        return value

    def _code(self, metadata: dict[str, Any], journey: _Journey, query: Mapping[str, str]) -> str:
        """The code of an answer that is this provider's (RFC 9207) and no refusal."""
        says_who = metadata.get("authorization_response_iss_parameter_supported") is True
        if query.get("iss", "" if says_who else self._settings.issuer) != self._settings.issuer:
            raise ProviderFailed(ProviderProblem.BAD_ANSWER, journey.token)
        if query.get("error") == "access_denied":
            raise ProviderFailed(ProviderProblem.DENIED, journey.token)
        if query.get("error") in PROVIDER_IS_ILL:
            raise ProviderFailed(ProviderProblem.UNREACHABLE, journey.token)
        if not query.get("code"):
            raise ProviderFailed(ProviderProblem.BAD_ANSWER, journey.token)
        return query["code"]

    def _verified(
        self, session: OAuth2Session, metadata: dict[str, Any], answer: dict[str, Any], nonce: str
    ) -> CodeIDToken:
        """The claims of an ID token that this provider signed, for us, for this sign-in, and that has not run out."""
        published: Any = _json(session.get(metadata["jwks_uri"], withhold_token=True))
        token = jwt.decode(answer["id_token"], KeySet.import_key_set(published), algorithms=ALGORITHMS)
        options = {
            "iss": {"essential": True, "value": self._settings.issuer},
            "aud": {"essential": True, "value": self._settings.client_id},
        }
        checks = {"nonce": nonce, "client_id": self._settings.client_id, "access_token": answer.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, options, checks)
        claims.validate(int(self._clock().timestamp()), LEEWAY_SECONDS)
        return claims

    def _from_userinfo(self, session: OAuth2Session, metadata: dict[str, Any], subject: str) -> object:
        """Many providers keep claims out of the ID token; what is said about another subject does not count."""
        url = metadata.get("userinfo_endpoint")
        if not _is_safe(url):
            return None
        said = _json(session.get(url))
        return self._said_in(said) if said.get("sub") == subject else None

    def _said_in(self, claims: Mapping[str, Any]) -> object:
        """What the claim says; a mailbox that nobody has verified could be anybody's."""
        is_unproved = self._settings.claim == EMAIL and claims.get("email_verified") is not True
        return None if is_unproved else claims.get(self._settings.claim)


def _json(response: Response) -> dict[str, Any]:
    response.raise_for_status()
    found = response.json()
    if not isinstance(found, dict):
        raise RequestException("an answer that is no object")
    return found


def _is_safe(url: object) -> bool:
    """Encrypted, or on this machine, where tests and developers have their provider."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
