"""Every table of the database, as this version of the server reads and writes it.

A table that is added or changed here needs a step under `migrations/versions`; a test compares the two. Times are
whole seconds since 1970 (UTC), which SQLite and PostgreSQL keep alike; their columns end in `_at`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Constraints have names of ours, so that a later step can change them on either database."""

API_KEYS = Table(
    "api_keys",
    METADATA,
    Column("id", String(16), primary_key=True, comment="the key's public part"),
    Column("secret_sha256", LargeBinary(32), nullable=False, comment="hash of the key's secret part"),
    Column("name", String(128), nullable=False, comment="what the key is for"),
    Column("user_name", String(256), nullable=False, index=True, comment="whom it stands for"),
    Column("scopes", String(128), nullable=False, comment="separated by spaces"),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, comment="none: never"),
    Column("revoked_at", BigInteger, comment="none: not revoked"),
)

TELEMETRY_EVENTS = Table(
    "telemetry_events",
    METADATA,
    Column("user_name", String(256), primary_key=True, comment="who sent it"),
    Column("id", String(128), primary_key=True, comment="the client's own; another user's same id is another event"),
    Column("offer_id", String(128), nullable=False, comment="the proposal that it is about"),
    Column("kind", String(16), nullable=False, comment="as in core/events.py, like all that follows"),
    Column("language", String(256), nullable=False),
    Column("model", String(256), nullable=False, comment="empty: the work space's own lines"),
    Column("happened_at", BigInteger, nullable=False, index=True, comment="on the server's clock"),
    Column("day", Date, nullable=False, index=True, comment="of happened_at, in UTC"),
    Column("request_id", String(128)),
    Column("characters", Integer),
    Column("lines", Integer),
    Column("invoked", Boolean),
    Column("way", String(16)),
    Column("shown_ms", Double),
    Column("after_s", SmallInteger),
    Column("changed", Double),
    Column("answer_ms", Double),
    Column("request_ms", Double),
    Column("queue_ms", Double),
    Column("first_token_ms", Double),
    Column("server_ms", Double),
    Column("text", Text, comment="with consent alone, without secrets"),
)
