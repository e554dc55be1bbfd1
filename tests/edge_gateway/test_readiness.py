from edge_gateway.readiness import GRACE_SECONDS, Readiness


def test_ready_once_both_have_been_reached_and_for_good() -> None:
    readiness = Readiness(100.0)
    assert readiness.waiting_for(100.0) == ["the broker has not been reached yet", "the store has not been reached yet"]
    readiness.reached("broker")
    assert readiness.waiting_for(101.0) == ["the store has not been reached yet"]
    readiness.reached("store")
    assert readiness.waiting_for(102.0) == []
    readiness.reached("store")
    assert readiness.waiting_for(102.0) == []


def test_a_store_that_does_not_come_up_keeps_nobody_from_the_broker_for_longer_than_the_grace() -> None:
    readiness = Readiness(100.0)
    readiness.reached("broker")
    assert readiness.waiting_for(100.0 + GRACE_SECONDS - 0.1)
    assert not readiness.waiting_for(100.0 + GRACE_SECONDS)
    assert not readiness.waiting_for(100.0 + GRACE_SECONDS - 0.1), "once ready it stays so"
