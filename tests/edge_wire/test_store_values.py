"""Values that the store's HTTP interface and the topics spell out: other programs compare with them."""

from edge_wire.store import CommandState, FencedError, LeaseHeldError
from edge_wire.store.command_state import OPEN_STATES


def test_states_of_a_command() -> None:
    assert [state.value for state in CommandState] == ["Queued", "Sent", "NoSession", "Acked", "Failed", "Expired"]
    assert {CommandState.QUEUED, CommandState.SENT, CommandState.NO_SESSION} == OPEN_STATES


def test_reasons_of_the_lease() -> None:
    held = LeaseHeldError("edge-processor-1", 2.345)
    assert FencedError.reason == "Fenced"
    assert (str(held), held.holder, held.expires_in_seconds) == (
        "edge-processor-1 holds the lease for another 2.3 s",
        "edge-processor-1",
        2.345,
    )
