"""Puts the parts of the auth service together."""

import secrets
import time
from collections.abc import Callable

from flask import Flask

from apps.auth import errors
from apps.auth.keyring import Keyring
from apps.auth.live_tokens import LiveTokens
from apps.auth.nonce_endpoints import NonceEndpoints
from apps.auth.nonces import Nonces
from apps.auth.settings import AuthSettings
from apps.auth.token_endpoints import TokenEndpoints
from apps.auth.token_ids import TokenIds
from apps.auth.tokens import TokenCodec
from common.health import Health
from common.http_service import equip
from common.redis_client import PipelinedRedis, connect


def create_app(settings: AuthSettings, keyring: Keyring) -> Flask:
    """Start what the service needs and return its app; to be called in the process that serves it.

    Redis may be away: the service is then not ready until it is back.
    """
    redis = connect(settings)
    redis.start()
    health = Health(patience=settings.ready_patience)
    health.add("redis", redis.probe)
    health.start()
    return equip(build_app(settings, keyring, redis, time.time, secrets.token_hex), health, settings)


def build_app(settings: AuthSettings, keyring: Keyring, redis: PipelinedRedis, clock: Callable[[], float],
              random_hex: Callable[[int], str]) -> Flask:
    """Return the app alone, made of the given parts. ``clock`` gives seconds since 1970."""
    app = Flask("auth")
    _tokens(settings, keyring, redis, clock, random_hex).add_to(app)
    _nonces(settings, redis).add_to(app)
    errors.add_to(app)
    return app


def _tokens(settings: AuthSettings, keyring: Keyring, redis: PipelinedRedis, clock: Callable[[], float],
            random_hex: Callable[[int], str]) -> TokenEndpoints:
    codec = TokenCodec(keyring, claims_bytes=settings.claims_bytes, cache_size=settings.token_cache)
    live_tokens = LiveTokens(redis, TokenIds(clock, random_hex))
    seconds = {"account": settings.account_token_seconds, "session": settings.session_token_seconds}
    return TokenEndpoints(codec, live_tokens, clock, seconds, settings.claims_bytes)


def _nonces(settings: AuthSettings, redis: PipelinedRedis) -> NonceEndpoints:
    return NonceEndpoints(
        Nonces(redis),
        seconds=settings.nonce_seconds,
        seconds_max=settings.nonce_seconds_max,
        payload_bytes=settings.nonce_payload_bytes,
        batch=settings.nonce_batch,
    )
