"""Leases against a real Redis: one holder, takeover from the dead, loss noticed."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from apps.lib import redis as store
from ibportal.gateway import lease
from ibportal.gateway.lease import Leases, LeaseTaken
from tests.portal import eventually

NAME = "connection:tests"
OTHER = "connection:other"
Factory = Callable[..., Leases]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TTL", 2.0)
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.2)
    monkeypatch.setattr(lease, "WATCH_FOR", 3.0)


@pytest.fixture
def leases() -> Iterator[Factory]:
    made: list[Leases] = []
    store.client().delete(*(store.LEASE.format(name=name) for name in (NAME, OTHER)))

    def make(holder: str, lost: list[LeaseTaken] | None = None) -> Leases:
        made.append(Leases(lost.append if lost is not None else lambda _: None, holder=holder))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_one_holder_and_the_second_learns_who(leases: Factory) -> None:
    leases("alice").take(NAME)
    with pytest.raises(LeaseTaken) as refused:
        leases("bob").take(NAME)
    assert refused.value.holder == "alice"


def test_the_holder_may_take_again_and_its_token_grows(leases: Factory) -> None:
    alice = leases("alice")
    assert alice.take(NAME) < alice.take(NAME)


def test_tokens_grow_over_holders_and_over_an_emptied_redis(leases: Factory) -> None:
    alice, bob = leases("alice"), leases("bob")
    first = alice.take(NAME)
    alice.stop()
    second = bob.take(NAME)
    store.client().delete(store.LEASE.format(name=NAME), store.LEASE.format(name=NAME) + ":token")
    third = bob.take(NAME)
    assert first < second < third


def test_a_living_holder_is_recognised_and_left_alone(leases: Factory) -> None:
    alice = leases("alice")
    alice.start()
    alice.take(NAME)
    with pytest.raises(LeaseTaken):
        leases("bob").take_from_the_dead(NAME, lambda _: None)
    assert alice.token(NAME) is not None


def test_the_lease_of_a_dead_holder_is_waited_out(leases: Factory) -> None:
    leases("alice").take(NAME)  # never renewed
    waited_for: list[str] = []
    assert leases("bob").take_from_the_dead(NAME, waited_for.append) > 0
    assert waited_for == ["alice"]


def test_only_a_process_of_this_host_is_known_to_be_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    host = socket.gethostname()
    assert lease.died_here(f"{host} pid {child.pid} #abc")
    assert not lease.died_here(f"{host} pid {os.getpid()} #abc")
    assert not lease.died_here(f"elsewhere pid {child.pid} #abc")
    assert not lease.died_here("alice")


def test_a_lease_that_cannot_be_renewed_does_not_count_as_held(leases: Factory) -> None:
    alice = leases("alice")
    alice.take(NAME)
    eventually(lambda: alice.token(NAME) is None, within=30, what="the lease to run out")


def test_a_vanished_lease_is_taken_again_with_a_higher_token(leases: Factory) -> None:
    alice = leases("alice")
    first = alice.take(NAME)
    store.client().delete(store.LEASE.format(name=NAME))
    alice.start()
    eventually(lambda: (alice.token(NAME) or 0) > first, within=30, what="a new token")


def test_a_lease_taken_by_another_is_reported_once(leases: Factory) -> None:
    lost: list[LeaseTaken] = []
    alice, bob = leases("alice", lost), leases("bob")
    alice.take(NAME)
    alice.take(OTHER)
    store.client().delete(store.LEASE.format(name=NAME))
    bob.take(NAME)
    bob.start()
    alice.start()
    eventually(lambda: lost, within=30, what="the loss to be reported")
    for _ in range(3):
        renewed = alice._held[OTHER].until
        eventually(lambda: alice._held[OTHER].until > renewed, within=30, what="another round")  # noqa: B023
    assert [taken.holder for taken in lost] == ["bob"]
    assert alice.token(NAME) is None


def test_stopping_releases_only_what_is_ours(leases: Factory) -> None:
    alice, bob = leases("alice"), leases("bob")
    alice.take(NAME)
    bob.stop()
    assert store.client().exists(store.LEASE.format(name=NAME))
    alice.stop()
    assert not store.client().exists(store.LEASE.format(name=NAME))
