"""What became of the proposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table `telemetry_events`."""
    op.create_table(
        "telemetry_events",
        sa.Column("user_name", sa.String(256), nullable=False, comment="who sent it"),
        sa.Column(
            "id", sa.String(128), nullable=False, comment="the client's own; another user's same id is another event"
        ),
        sa.Column("offer_id", sa.String(128), nullable=False, comment="the proposal that it is about"),
        sa.Column("kind", sa.String(16), nullable=False, comment="as in core/events.py, like all that follows"),
        sa.Column("language", sa.String(256), nullable=False),
        sa.Column("model", sa.String(256), nullable=False, comment="empty: the work space's own lines"),
        sa.Column("happened_at", sa.BigInteger, nullable=False, comment="on the server's clock"),
        sa.Column("day", sa.Date, nullable=False, comment="of happened_at, in UTC"),
        sa.Column("request_id", sa.String(128)),
        sa.Column("characters", sa.Integer),
        sa.Column("lines", sa.Integer),
        sa.Column("invoked", sa.Boolean),
        sa.Column("way", sa.String(16)),
        sa.Column("shown_ms", sa.Double),
        sa.Column("after_s", sa.SmallInteger),
        sa.Column("changed", sa.Double),
        sa.Column("answer_ms", sa.Double),
        sa.Column("request_ms", sa.Double),
        sa.Column("queue_ms", sa.Double),
        sa.Column("first_token_ms", sa.Double),
        sa.Column("server_ms", sa.Double),
        sa.Column("text", sa.Text, comment="with consent alone, without secrets"),
        sa.PrimaryKeyConstraint("user_name", "id", name="pk_telemetry_events"),
    )
    op.create_index("ix_telemetry_events_happened_at", "telemetry_events", ["happened_at"])
    op.create_index("ix_telemetry_events_day", "telemetry_events", ["day"])
