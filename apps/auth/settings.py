"""Options of the auth service."""

from dataclasses import dataclass

from common.http_service import HttpServiceSettings
from common.options import option, secret
from common.process_settings import RedisSettings

DAY = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class AuthSettings(RedisSettings, HttpServiceSettings):
    """The auth service: issues and validates tokens, registers and redeems nonces."""

    port: int = option(8001, "TCP port of the service", least=0)
    jwt_key: str = secret(
        "Keys of the tokens, one a line or separated by commas, each as ID:KEY or KEY; the first signs, all validate; "
        "a key has at least 32 bytes and is taken as text, or decoded if written as base64:KEY"
    )
    account_token_seconds: int = option(30 * DAY, "Seconds that a token of an account is valid", least=1)
    session_token_seconds: int = option(30 * DAY, "Seconds that a token of a session is valid", least=1)
    claims_bytes: int = option(1024, "Largest size of the claims of a token, in bytes of JSON", least=2)
    token_cache: int = option(10_000, "Verified tokens that are kept, to save checking their signature again", least=0)
    nonce_seconds: int = option(120, "Seconds that a nonce is valid when its registration does not say", least=1)
    nonce_seconds_max: int = option(DAY, "Most seconds that the registration of a nonce may ask for", least=1)
    nonce_payload_bytes: int = option(4096, "Largest size of the payload of a nonce, in bytes of JSON", least=2)
    nonce_batch: int = option(100, "Most nonces that one request may redeem", least=1)
