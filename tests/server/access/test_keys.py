"""API keys: made, checked from memory, rotated, and the database away."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from core.errors import ConfigError, DatabaseError, UnknownNameError
from server.access.identity import Identity
from server.access.kept import Kept
from server.access.key_check import KeyCheck
from server.access.keys import ApiKey, KeyStore, parsed_key
from server.storage.database import Database
from server.storage.migrating import migrate
from server.storage.schema import API_KEYS

NOW = 1_800_000_000


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/keys.db")
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> KeyStore:
    return KeyStore(database, clock)


def test_only_the_hash_of_the_secret_is_kept(store: KeyStore, database: Database) -> None:
    key, text = store.create("ada", "laptop", ["complete"])
    prefix, key_id, secret = text.split("_", 2)
    assert (prefix, key_id) == ("vernacular", key.id)
    assert len(secret) == 43
    with database.reading() as connection:
        row = connection.execute(select(API_KEYS)).one()
    assert bytes(row.secret_sha256) == hashlib.sha256(secret.encode()).digest()
    assert secret not in str(row)


def test_no_two_keys_are_alike(store: KeyStore) -> None:
    assert len({store.create("ada", "k", ["complete"])[1] for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "text",
    ["", "vernacular_", "vernacular_0123456789ab_short", "sk-0123", "vernacular_0123456789ab_" + "é" * 43],
)
def test_a_text_that_is_no_key(text: str) -> None:
    assert parsed_key(text) is None


def test_a_scope_that_is_not_known(store: KeyStore) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'complete'"):
        store.create("ada", "k", ["complet"])


@pytest.mark.parametrize("user", ["", "a\nb", "x" * 257])
def test_a_user_that_cannot_be(store: KeyStore, user: str) -> None:
    with pytest.raises(ConfigError, match="the user"):
        store.create(user, "k", ["complete"])


def test_rotation_lets_the_old_key_live_through_the_overlap(store: KeyStore, clock: Clock) -> None:
    old, _ = store.create("ada", "laptop", ["complete", "admin"], lifetime_s=1000)
    clock.now += 400
    new, _ = store.rotate(old.id, overlap_s=60)
    assert (new.user, new.name, new.scopes) == (old.user, old.name, old.scopes)
    assert new.expires_at == NOW + 400 + 1000
    ends = store.all()[old.id]
    assert (ends.state(NOW + 459), ends.state(NOW + 460)) == ("valid", "expired")


def test_an_overlap_never_lengthens_a_keys_life(store: KeyStore) -> None:
    old, _ = store.create("ada", "laptop", ["complete"], lifetime_s=10)
    store.rotate(old.id, overlap_s=3600)
    assert store.all()[old.id].expires_at == NOW + 10


def test_a_revoked_key_is_not_rotated_nor_an_unknown_one_revoked(store: KeyStore) -> None:
    key, _ = store.create("ada", "laptop", ["complete"])
    assert store.revoke(key.id).state(NOW) == "revoked"
    with pytest.raises(ConfigError, match="is revoked"):
        store.rotate(key.id, 60)
    with pytest.raises(UnknownNameError):
        store.revoke("000000000000")


@contextlib.contextmanager
def checking(store: KeyStore, clock: Clock) -> Iterator[KeyCheck]:
    check = KeyCheck(store, clock)
    try:
        yield check
    finally:
        check.close()


async def test_a_key_stands_for_its_user_until_it_ends(store: KeyStore, clock: Clock) -> None:
    _, text = store.create("ada", "laptop", ["complete"], lifetime_s=100)
    with checking(store, clock) as check:
        assert await check.identity(text) == Identity("ada", frozenset({"complete"}))
        clock.now += 100
        assert await check.identity(text) == "the API key is expired"


async def test_the_public_part_alone_opens_nothing(store: KeyStore, clock: Clock) -> None:
    key, text = store.create("ada", "laptop", ["complete"])
    wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
    with checking(store, clock) as check:
        assert await check.identity(wrong) == "the API key is not known here"
        assert await check.identity(f"vernacular_{'0' * 12}_{'A' * 43}") == "the API key is not known here"
        assert await check.identity(f"vernacular_{key.id}_") == "this is no API key; it may have been cut short"


async def test_a_key_made_while_the_server_runs_is_taken(store: KeyStore, clock: Clock) -> None:
    _, first = store.create("ada", "laptop", ["complete"])
    with checking(store, clock) as check:
        await check.identity(first)
        _, second = store.create("bob", "laptop", ["complete"])
        assert await check.identity(second) == Identity("bob", frozenset({"complete"}))


class BrokenStore(KeyStore):
    """A store whose database goes away."""

    broken = False
    reads = 0

    def all(self) -> dict[str, ApiKey]:
        """As the store's, or a failure."""
        self.reads += 1
        if self.broken:
            raise DatabaseError("the database is away")
        return super().all()


async def test_known_keys_live_through_an_outage_and_unknown_ones_do_not(database: Database, clock: Clock) -> None:
    store = BrokenStore(database, clock)
    _, text = store.create("ada", "laptop", ["complete"])
    with checking(store, clock) as check:
        await check.identity(text)
        store.broken = True
        assert await check.identity(text) == Identity("ada", frozenset({"complete"}))
        with pytest.raises(DatabaseError):
            await check.identity(f"vernacular_{'0' * 12}_{'A' * 43}")
        assert isinstance(await check.identity(text), Identity)


async def test_many_requests_read_the_table_once(database: Database, clock: Clock) -> None:
    store = BrokenStore(database, clock)
    _, text = store.create("ada", "laptop", ["complete"])
    with checking(store, clock) as check:
        await asyncio.gather(*(check.identity(text) for _ in range(50)))
        assert store.reads == 1


class Source:
    """Counts, or fails."""

    def __init__(self) -> None:
        self.fetches = 0
        self.failing = False

    async def fetch(self) -> int:
        self.fetches += 1
        if self.failing:
            raise DatabaseError("away")
        return self.fetches


async def test_an_old_value_is_given_while_the_next_one_comes() -> None:
    clock, source = Clock(0), Source()
    kept = Kept(source.fetch, fresh_s=2, gap_s=1, keep_s=10, clock=clock)
    assert await kept.get() == 1
    clock.now = 3
    assert await kept.get() == 1
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert await kept.get() == 2


async def test_a_value_is_not_kept_for_ever() -> None:
    clock, source = Clock(0), Source()
    kept = Kept(source.fetch, fresh_s=2, gap_s=1, keep_s=10, clock=clock)
    await kept.get()
    source.failing = True
    clock.now = 9
    assert await kept.get() == 1
    clock.now = 11
    with pytest.raises(DatabaseError):
        await kept.get()


async def test_unknown_names_cannot_make_it_fetch_more_often() -> None:
    clock, source = Clock(0), Source()
    kept = Kept(source.fetch, fresh_s=600, gap_s=30, keep_s=1000, clock=clock)
    await kept.get()
    for _ in range(100):
        await kept.newer(wait=False)
    assert source.fetches == 1
    clock.now = 31
    assert await kept.newer(wait=False) == 2
