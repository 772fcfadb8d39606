"""Settings of the wire, its limits, and the faults that scenarios ask for."""

import pytest

from twsim.conversation.pacing import HistoryPacing, MessageRate
from twsim.faults import KINDS, PARAMETERS, BadFault, kind_of
from twsim.scenario import FOLDER, read
from twsim.settings import checked


def test_settings_are_checked_by_name_and_value() -> None:
    assert checked("lines", 5) == 5
    assert checked("step", 1) == 1.0
    for name, value in (("colour", 1), ("lines", 0), ("lines", "5"), ("step", True)):
        with pytest.raises(ValueError, match=name):
            checked(name, value)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_scenario_asks_for_faults_and_settings_that_exist(path: object) -> None:
    scenario = read(str(path))
    for fault in scenario.faults:
        assert kind_of(fault) in KINDS
        assert fault["at_seconds"] >= 0
    for name, value in scenario.wire.items():
        checked(name, value)


def test_every_fault_says_which_parameters_it_takes() -> None:
    assert set(PARAMETERS) == set(KINDS)
    with pytest.raises(BadFault, match="drop takes no seconds; its parameters are: client_id"):
        kind_of({"kind": "drop", "seconds": 5})


def test_fifty_messages_pass_in_any_second_and_the_third_flood_is_the_last() -> None:
    rate = MessageRate(50)
    assert sum(rate.allows(10.0) for _ in range(60)) == 50
    assert (rate.warnings, rate.exhausted) == (1, False)
    assert not rate.allows(10.99)
    assert rate.warnings == 1
    assert sum(rate.allows(11.0) for _ in range(60)) == 50
    assert sum(rate.allows(12.0) for _ in range(60)) == 50
    assert rate.exhausted


def test_steady_forty_five_messages_a_second_never_meet_the_limit() -> None:
    rate = MessageRate(50)
    assert all(rate.allows(number / 45) for number in range(1000))


def test_history_is_paced_by_identity_burst_and_window() -> None:
    pacing = HistoryPacing(60)
    assert pacing.allows(0.0, "AAPL", "a", 1)
    assert not pacing.allows(14.9, "AAPL", "a", 1)
    assert pacing.allows(15.0, "AAPL", "a", 1)
    assert [pacing.allows(100.0, "MSFT", number, 1) for number in range(6)] == [True] * 5 + [False]
    assert pacing.allows(102.0, "MSFT", 6, 1)


def test_history_allows_sixty_in_ten_minutes_and_bid_ask_weighs_two() -> None:
    pacing = HistoryPacing(60)
    for number in range(29):
        assert pacing.allows(number * 3.0, number, number, 2)
    assert pacing.allows(90.0, "x", "x", 2)
    assert not pacing.allows(91.0, "y", "y", 1)
    assert pacing.allows(600.0, "y", "y", 2)
