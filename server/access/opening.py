"""The gate that a config describes.

What only a gate with keys needs (cryptography, limits, Alembic) is imported where it is wanted: time that a server on a
laptop does not wait.
"""

from __future__ import annotations

from server.access.browsers import OpenGuard
from server.access.middleware import Gate
from server.config.schema import ServerConfig


def open_gate(config: ServerConfig) -> Gate:
    """The gate; the database is brought to this version where keys are needed.

    Raises `ConfigError` and `DatabaseError`: a server that can let nobody in does not start.
    """
    return _guard(config) if config.access.mode == "required" else OpenGuard(config.listen.base_url)


def _guard(config: ServerConfig) -> Gate:
    from server.access.guard import Guard
    from server.access.key_check import KeyCheck
    from server.access.keys import KeyStore
    from server.access.rates import Rates
    from server.access.tokens import TokenCheck
    from server.storage.migrating import migrate
    from server.storage.opening import open_database

    database = open_database(config.database)
    migrate(database)
    tokens = TokenCheck(config.access.oidc) if config.access.oidc.issuer else None
    return Guard(KeyCheck(KeyStore(database)), tokens, Rates(config.access.rate_limits))
