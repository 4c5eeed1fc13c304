"""The keys that let programs and people in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table `api_keys`."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), nullable=False, comment="the key's public part"),
        sa.Column("secret_sha256", sa.LargeBinary(32), nullable=False, comment="hash of the key's secret part"),
        sa.Column("name", sa.String(128), nullable=False, comment="what the key is for"),
        sa.Column("user_name", sa.String(256), nullable=False, comment="whom it stands for"),
        sa.Column("scopes", sa.String(128), nullable=False, comment="separated by spaces"),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=True, comment="none: never"),
        sa.Column("revoked_at", sa.BigInteger, nullable=True, comment="none: not revoked"),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
    )
    op.create_index("ix_api_keys_user_name", "api_keys", ["user_name"])
