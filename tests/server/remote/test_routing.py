"""Rendezvous hashing: stable, even, and only what has to move moves."""

from __future__ import annotations

from collections import Counter

from server.engines.remote.routing import ranked

NAMES = [f"http://gpu{number}:8000" for number in range(5)]
SESSIONS = [f"session-{number}" for number in range(5000)]


def test_every_name_is_ranked_once_and_always_alike() -> None:
    for session in SESSIONS[:50]:
        assert sorted(ranked(session, NAMES)) == NAMES
        assert ranked(session, NAMES) == ranked(session, reversed(NAMES))


def test_sessions_are_spread_evenly() -> None:
    shares = Counter(ranked(session, NAMES)[0] for session in SESSIONS)
    assert all(0.9 * 1000 < shares[name] < 1.1 * 1000 for name in NAMES), shares


def test_only_the_sessions_of_a_lost_replica_move_and_they_go_to_all_others() -> None:
    lost = NAMES[2]
    left = [name for name in NAMES if name != lost]
    moved: Counter[str] = Counter()
    for session in SESSIONS:
        before, after = ranked(session, NAMES), ranked(session, left)
        if before[0] == lost:
            assert after[0] == before[1]
            moved[after[0]] += 1
        else:
            assert after[0] == before[0]
    assert all(0.8 * 250 < moved[name] < 1.2 * 250 for name in left), moved


def test_a_new_replica_takes_its_share_and_moves_nobody_else() -> None:
    more = [*NAMES, "http://gpu9:8000"]
    moved = [session for session in SESSIONS if ranked(session, more)[0] != ranked(session, NAMES)[0]]
    assert all(ranked(session, more)[0] == "http://gpu9:8000" for session in moved)
    assert 0.9 * len(SESSIONS) / 6 < len(moved) < 1.1 * len(SESSIONS) / 6


def test_names_of_any_characters_have_a_rank() -> None:
    assert ranked("\ud800 \0", NAMES)[0] in NAMES
