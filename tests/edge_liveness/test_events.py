from itertools import pairwise

from edge_liveness import EventBudget, Summary


def always(_: float) -> bool:
    return True


def test_single_events_are_written() -> None:
    budget = EventBudget[str](always)
    assert [budget.offer("north", "LastWill", at) for at in (0.0, 1.0, 5.0)] == [True, True, True]
    assert budget.next_at() is None
    assert budget.summaries(100.0) == []


def test_burst_is_one_event_and_one_summary() -> None:
    budget = EventBudget[str](always)
    offered = [budget.offer("north", "LastWill", number / 100) for number in range(150)]
    offered.append(budget.offer("north", "Disconnected", 1.5))
    assert offered == [True] + [False] * 150
    assert budget.summaries(2.4) == []
    assert budget.next_at() == 2.5
    assert budget.summaries(2.5) == [Summary("north", {"LastWill": 149, "Disconnected": 1})]
    assert budget.summaries(100.0) == []
    assert budget.offer("north", "LastWill", 100.0)


def test_burst_without_end_is_summed_up_now_and_then() -> None:
    budget = EventBudget[str](always)
    written = 0
    for number in range(600):
        written += budget.offer("north", "LastWill", number / 10)
        written += len(budget.summaries(number / 10))
    assert 5 <= written <= 15


def test_burst_without_end_is_summed_up_ten_seconds_after_its_first_event_that_was_held() -> None:
    budget = EventBudget[str](always)
    summed_up = []
    for at in (number / 2 for number in range(60)):
        budget.offer("north", "LastWill", at)
        summed_up += [(at, each.counts["LastWill"]) for each in budget.summaries(at)]
    assert summed_up == [(10.5, 21), (21.0, 21)]


def test_summaries_are_asked_for_when_the_first_of_several_is_due() -> None:
    budget = EventBudget[str](always)
    for site, at in (("north", 0.0), ("south", 0.0), ("south", 0.5), ("north", 0.1)):
        budget.offer(site, "x", at)
    assert budget.next_at() == 1.1


def test_never_more_than_one_a_second() -> None:
    budget = EventBudget[str](always)
    at = [
        number / 7
        for number in range(700)
        for is_written in (budget.offer("north", "x", number / 7), bool(budget.summaries(number / 7)))
        if is_written
    ]
    assert all(later - earlier >= 1 for earlier, later in pairwise(at))


def test_sites_do_not_share() -> None:
    budget = EventBudget[str](always)
    assert budget.offer("north", "x", 0.0)
    assert budget.offer("south", "x", 0.0)
    assert not budget.offer("north", "x", 0.1)
    budget.forget("north")
    assert budget.next_at() is None
    assert budget.offer("north", "x", 0.2)


def test_what_the_budget_of_writes_does_not_allow_is_summed_up_later() -> None:
    left: list[bool] = []
    budget = EventBudget[str](lambda _: bool(left))
    assert not budget.offer("north", "x", 0.0)
    assert budget.summaries(5.0) == []
    assert budget.next_at() == 6.0, "asking again at once would be of no use"
    left.append(True)
    assert budget.summaries(6.0) == [Summary("north", {"x": 1})]
