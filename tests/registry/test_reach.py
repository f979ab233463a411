"""Where addresses are, and that only a checked one is connected to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from generator.registry import Endpoint, Origin, RegistryError
from generator.registry.reach import Reach, place_of, resolve
from tests.registry.fake import FakeClock, FakeRegistry, pull, run, session_for
from tests.registry.server import Answer, Call, Server

HOME = Origin.of("https://registry.test")


def reach_of(**addresses: Sequence[str]) -> Reach:
    """Where hosts are whose names end in `.test`; a host without addresses does not resolve."""

    async def resolve(host: str) -> Sequence[str]:
        found = addresses[host.removesuffix(".test")]
        if not found:
            raise OSError
        return found

    return Reach(resolve)


@pytest.mark.parametrize(
    ("place", "addresses"),
    [
        ("loopback", "127.0.0.1 127.9.9.9 0.0.0.0 0.1.2.3 ::1 :: ::ffff:127.0.0.1 64:ff9b::7f00:1"),
        ("link-local", "169.254.1.1 fe80::1 fe80::1%eth0 febf::1 ::ffff:169.254.1.1"),
        ("cloud metadata", "169.254.169.254 169.254.170.2 169.254.170.23 169.254.42.42"),
        ("cloud metadata", "100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 fd20:ce::254"),
        ("cloud metadata", "fd00:ec2::23 fd00:42::42 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe"),
        ("private", "10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255"),
        ("private", "192.0.0.1 192.0.2.1 192.88.99.1 198.18.0.1 198.19.0.1 198.51.100.1"),
        ("private", "203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255"),
        ("private", "::ffff:10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 64:ff9b:1:ffff::808:808"),
        ("private", "::10.0.0.1 ::8.8.8.8 ::ffff:0:8.8.8.8"),
        ("private", "2002:a00:1::1 2002:808:808::1 2001::1 2001:0:4136:e378::1 2001:10::1"),
        ("private", "2001:db8::1 3fff::1 fc00::1 fd00::1 fec0::1 feff::1 ff02::1 100::1 5f00::1"),
        ("public", "8.8.8.8 172.32.0.1 100.128.0.1 192.0.1.1 223.255.255.255 1.1.1.1"),
        ("public", "2606:4700::1111 2001:4860:4860::8888 2a00:1450::1 64:ff9b::808:808"),
        ("public", "::ffff:8.8.8.8"),
    ],
)
def test_places_are_told_apart(place: str, addresses: str) -> None:
    assert {address: place_of(address) for address in addresses.split()} == dict.fromkeys(
        addresses.split(), place
    )


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("https://localhost", "loopback"),
        ("https://sub.localhost", "loopback"),
        ("https://127.1.2.3", "loopback"),
        ("https://[::1]", "loopback"),
        ("https://[fd00:ec2::254]", "cloud metadata"),
        ("https://[64:ff9b::a9fe:a9fe]", "cloud metadata"),
        ("https://storage.test", "private"),
    ],
)
def test_a_public_server_sends_us_to_no_place_that_is_not(target: str, place: str) -> None:
    reach = reach_of(registry=["8.8.8.8"], storage=["8.8.4.4", "10.0.0.1"])
    with pytest.raises(RegistryError) as error:
        run(reach.check(Origin.of(target), HOME))
    assert str(error.value) == (
        f"registry.test sends us to {target}, a {place} address: not followed"
    )


@pytest.mark.parametrize(
    "target", ["https://storage.test", "https://192.168.1.1", "https://away.test"]
)
def test_a_private_server_may_send_us_to_a_private_place(target: str) -> None:
    run(
        reach_of(registry=["10.0.0.1"], storage=["10.0.0.2"], away=[]).check(
            Origin.of(target), HOME
        )
    )


def test_no_server_sends_us_to_the_metadata_of_a_cloud() -> None:
    with pytest.raises(RegistryError, match="a cloud metadata address: not followed"):
        run(reach_of(registry=["10.0.0.1"]).check(Origin.of("https://100.100.100.200"), HOME))


def test_the_systems_resolver_knows_this_machine() -> None:
    assert set(run(resolve("localhost"))) <= {"127.0.0.1", "::1"}
    with pytest.raises(OSError, match="known"):
        run(resolve(""))


class Rebound:
    """A name server that tells another address each time, and the last one for ever."""

    def __init__(self, *addresses: str) -> None:
        self._left = list(addresses)

    async def __call__(self, host: str) -> Sequence[str]:
        if host == "registry.test":
            return ["8.8.8.8"]
        return [self._left.pop(0) if len(self._left) > 1 else self._left[0]]


def test_a_name_that_is_moved_inside_after_it_was_checked_is_not_connected_to() -> None:
    """The server on loopback would answer: it is the address that is refused."""

    async def scenario(server: Server) -> None:
        session = session_for(FakeClock(), resolve=Rebound("8.8.4.4", "127.0.0.1"))
        async with server.running(), session:
            target = Origin.of(f"http://storage.test:{server.port}")
            await session.reach.check(target, HOME)
            await Endpoint(session, target).get("/secret")

    server = Server(lambda _: Answer())
    with pytest.raises(RegistryError) as error:
        run(scenario(server))
    assert (
        str(error.value)
        == "storage.test has a loopback address now, and had none: not connected to"
    )
    assert server.connections == 0


def test_a_name_that_the_catalog_has_may_be_anywhere() -> None:
    async def scenario(server: Server) -> int:
        async with (
            server.running(),
            session_for(FakeClock(), resolve=Rebound("127.0.0.1")) as session,
        ):
            reply = await Endpoint(session, Origin.of(f"http://mine.test:{server.port}")).get("/")
            return reply.status

    assert run(scenario(Server(lambda _: Answer()))) == 200


def test_a_redirect_from_loopback_to_a_name_on_loopback_is_followed() -> None:
    registry = FakeRegistry()
    registry.tag("app", "1.0", registry.image())
    storage = Server(registry.proper)

    def moved(call: Call) -> Answer:
        return Answer(307, headers=(("Location", f"http://localhost:{storage.port}{call.target}"),))

    registry.when("GET", "/blobs/", moved)
    assert list(pull(registry, beside=storage).digests) == ["1.0"]
    assert len(storage.calls) == 1


def test_a_host_with_several_addresses_is_connected_to_at_any_that_answers() -> None:
    async def two(host: str) -> Sequence[str]:
        return ["127.0.0.3", "127.0.0.1"]

    async def scenario(server: Server) -> int:
        async with server.running(), session_for(FakeClock(), resolve=two) as session:
            api = Endpoint(session, Origin.of(f"http://mine.test:{server.port}"))
            return len(await asyncio.gather(*(api.get("/") for _ in range(4))))

    assert run(scenario(Server(lambda _: Answer()))) == 4
