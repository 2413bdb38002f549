from service.gateways.maps.breaker import Breaker


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class TestBreaker:
    def test_opens_after_failures_in_a_row_only(self) -> None:
        breaker = Breaker(failures=2, pause_seconds=10, clock=Clock())
        breaker.failed()
        breaker.succeeded()
        breaker.failed()
        assert breaker.allows()
        breaker.failed()
        assert not breaker.allows()

    def test_lets_one_question_through_after_the_pause(self) -> None:
        clock = Clock()
        breaker = Breaker(failures=1, pause_seconds=10, clock=clock)
        breaker.failed()
        clock.seconds = 10
        assert [breaker.allows(), breaker.allows()] == [True, False]
        breaker.failed()
        clock.seconds = 19
        assert not breaker.allows()
        clock.seconds = 20
        assert breaker.allows()
        breaker.succeeded()
        assert [breaker.allows(), breaker.allows()] == [True, True]

    def test_a_trial_that_never_tells_blocks_for_one_pause(self) -> None:
        clock = Clock()
        breaker = Breaker(failures=1, pause_seconds=10, clock=clock)
        breaker.failed()
        clock.seconds = 10
        assert breaker.allows()
        clock.seconds = 20
        assert breaker.allows()

    def test_a_trial_that_was_let_go_is_the_next_one_s_at_once(self) -> None:
        clock = Clock()
        breaker = Breaker(failures=1, pause_seconds=10, clock=clock)
        breaker.failed()
        clock.seconds = 10
        assert [breaker.allows(), breaker.allows()] == [True, False]
        breaker.released()
        assert [breaker.allows(), breaker.allows()] == [True, False]
        breaker.failed()
        clock.seconds = 19
        assert not breaker.allows()

    def test_letting_go_of_what_was_asked_before_the_failures_ends_no_pause(self) -> None:
        clock = Clock()
        breaker = Breaker(failures=2, pause_seconds=10, clock=clock)
        assert [breaker.allows() for _ in range(3)] == [True] * 3
        breaker.failed()
        breaker.released()
        breaker.failed()
        breaker.released()
        clock.seconds = 9
        assert not breaker.allows()

    def test_letting_go_forgets_no_failure(self) -> None:
        breaker = Breaker(failures=2, pause_seconds=10, clock=Clock())
        breaker.failed()
        breaker.released()
        assert breaker.allows()
        breaker.failed()
        assert not breaker.allows()
