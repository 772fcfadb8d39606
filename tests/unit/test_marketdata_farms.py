"""Which data farms are down, from the broker's notices, newest first."""

from dataclasses import dataclass

from apps.marketdata.farms import farms_down


@dataclass(frozen=True)
class Said:
    code: int
    text: str


def test_a_farm_is_down_until_it_is_said_to_work_again() -> None:
    broken = Said(2103, "Market data farm connection is broken:usfarm")
    back = Said(2104, "Market data farm connection is OK:usfarm")
    assert farms_down([broken, back]) == [broken]
    assert farms_down([back, broken]) == []


def test_each_farm_has_a_state_of_its_own() -> None:
    broken = Said(2105, "HMDS data farm connection is broken:ushmds")
    others = [Said(2104, "Market data farm connection is OK:usfarm"), Said(200, "No security:x")]
    assert farms_down([*others, broken]) == [broken]


def test_an_inactive_farm_is_not_down() -> None:
    asleep = Said(2107, "HMDS data farm connection is inactive but should be available:ushmds")
    assert farms_down([asleep, Said(2105, "HMDS data farm connection is broken:ushmds")]) == []
