"""When the server is asked again, and what is said of it, on a clock that the test turns."""

from lsp.availability import Availability, State, Status


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_the_wait_doubles_up_to_ten_seconds_and_one_success_forgets_it() -> None:
    watched = Availability(lambda _: None, Clock())
    waits = []
    for _ in range(7):
        watched.failed(State.UNREACHABLE, "nobody answers")
        waits.append(watched.wait_s)
    assert waits == [0.5, 1, 2, 4, 8, 10, 10]
    watched.succeeded("fine")
    assert watched.wait_s == 0
    watched.failed(State.UNREACHABLE, "nobody answers")
    assert watched.wait_s == 0.5


def test_the_wait_passes() -> None:
    clock = Clock()
    watched = Availability(lambda _: None, clock)
    watched.failed(State.STARTING, "loading")
    clock.now_s += 0.6
    assert watched.wait_s == 0


def test_what_the_server_asks_for_is_honoured_within_bounds() -> None:
    watched = Availability(lambda _: None, Clock())
    watched.failed(State.STARTING, "loading", retry_after_s=30)
    assert watched.wait_s == 30
    watched.failed(State.STARTING, "loading", retry_after_s=1e9)
    assert watched.wait_s == 120


def test_the_same_trouble_is_said_once() -> None:
    said: list[Status] = []
    watched = Availability(said.append, Clock())
    for detail in ("loading: 10 %", "loading: 90 %"):
        watched.failed(State.STARTING, detail)
    watched.succeeded("model")
    watched.succeeded("model")
    watched.failed(State.SLOW, "too slow")
    assert [status.state for status in said] == [State.STARTING, State.READY, State.SLOW]
    assert watched.status.detail == "too slow"


def test_another_model_is_said() -> None:
    said: list[Status] = []
    watched = Availability(said.append, Clock())
    watched.succeeded("a at x", "a")
    watched.succeeded("a at x", "a")
    watched.succeeded("b at x", "b")
    watched.failed(State.SLOW, "too slow")
    assert [status.model for status in said] == ["a", "b", None]


def test_with_a_new_key_the_server_may_be_asked_at_once() -> None:
    watched = Availability(lambda _: None, Clock())
    watched.failed(State.REFUSED, "no key", retry_after_s=30)
    watched.rested()
    assert watched.wait_s == 0


def test_a_server_that_is_well_does_not_end_what_only_an_answer_found() -> None:
    said: list[State] = []
    watched = Availability(lambda status: said.append(status.state), Clock())
    for state in (State.REFUSED, State.INCOMPATIBLE, State.UNREACHABLE):
        watched.failed(state, "only an answer can tell", retry_after_s=30, by_answer=True)
        watched.healthy("fine")
        assert (said[-1], watched.wait_s) == (state, 30)
    watched.succeeded("an answer")
    watched.failed(State.REFUSED, "another", by_answer=True)
    watched.rested()  # there is another key
    watched.healthy("fine")
    assert said[3:] == [State.READY, State.REFUSED, State.READY]


def test_a_server_that_is_well_again_ends_what_its_health_found() -> None:
    said: list[State] = []
    watched = Availability(lambda status: said.append(status.state), Clock())
    watched.failed(State.UNREACHABLE, "no answer", by_answer=True)
    watched.failed(State.INCOMPATIBLE, "its health is of another version")
    watched.healthy("fine")
    assert (said[-1], watched.wait_s) == (State.READY, 0)
