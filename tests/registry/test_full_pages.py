"""A page as long as we asked for, without a `Link`: there may be more, or the server is of no help.

Old GCR and Artifact Registry cut their lists so; distribution 2.8 answers all tags to any question.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from generator.errors import TagpagesError
from generator.registry import Origin, Registry
from tests.registry.fake import FakeClock, run, session_for
from tests.registry.server import Answer, Call, Handler, Server, as_json, problem

LIST = "/v2/app/tags/list"
CATALOG = "/v2/_catalog"


def numbered(count: int, first: int = 0) -> list[str | None]:
    return [f"{number:05}" for number in range(first, first + count)]


def linkless(entries: list[str | None], key: str = "tags") -> Handler:
    """A server that cuts its list and names no next page, but knows `last`."""

    def answer(call: Call) -> Answer:
        size = int(call.query["n"][0])
        last = call.query.get("last", [None])[0]
        start = entries.index(last) + 1 if last else 0
        return as_json({key: entries[start : start + size]})

    return answer


def then(first: list[str | None], second: Answer, key: str = "tags") -> Handler:
    """A page, and what the server says when it is asked for more."""
    return lambda call: second if "last" in call.query else as_json({key: first})


class Listed:
    """The tags of `app`, or the repositories, as far as a server tells; else its error."""

    def __init__(
        self, handler: Handler, *, repositories: bool = False, beside: Server | None = None
    ) -> None:
        self.names: list[str] | None = None
        self.error = ""
        self.server = Server(handler)
        self._beside = beside or Server(handler)
        run(self._ask(repositories=repositories))

    async def _ask(self, *, repositories: bool) -> None:
        async with (
            self.server.running() as server,
            self._beside.running(),
            session_for(FakeClock()) as session,
        ):
            registry = Registry(session, Origin.of(server.url))
            try:
                if repositories:
                    self.names = await registry.repositories()
                else:
                    self.names = await (await registry.repository("app")).tags()
            except TagpagesError as error:
                self.error = str(error)

    @property
    def asked_after(self) -> list[str]:
        """The `last` of each request that had one."""
        return [call.query["last"][0] for call in self.server.calls if "last" in call.query]


@pytest.mark.parametrize(
    ("count", "asked_after"),
    [
        (999, []),
        (1000, ["00999"]),
        (1001, ["00999"]),
        (2000, ["00999", "01999"]),
        (2500, ["00999", "01999"]),
    ],
)
def test_what_follows_a_full_page_without_a_link_is_asked_for(
    count: int, asked_after: list[str]
) -> None:
    listed = Listed(linkless(numbered(count)))

    assert listed.names == numbered(count), listed.error
    assert listed.asked_after == asked_after


@pytest.mark.parametrize("nothing", [[], None])
def test_a_full_page_that_nothing_follows_is_the_whole_list(nothing: list[str] | None) -> None:
    listed = Listed(then(numbered(1000), as_json({"tags": nothing})))

    assert listed.names == numbered(1000), listed.error


def test_a_page_longer_than_we_asked_for_is_the_whole_list_of_a_server_without_pages() -> None:
    listed = Listed(lambda _: as_json({"tags": numbered(1401)}))

    assert listed.names == numbered(1401), listed.error
    assert len(listed.server.calls) == 1


def test_a_full_page_with_a_link_is_followed_by_its_link_only() -> None:
    def linked(call: Call) -> Answer:
        if "more" in call.query:
            return as_json({"tags": ["z"]})
        return as_json({"tags": numbered(1000)}, Link=f'<{LIST}?more=1>; rel="next"')

    listed = Listed(linked)

    assert listed.names == [*numbered(1000), "z"], listed.error
    assert len(listed.server.calls) == 2


def test_a_full_page_that_a_link_led_to_is_asked_about_too() -> None:
    def linked(call: Call) -> Answer:
        if call.query.get("last") == ["01999"]:
            return as_json({"tags": ["z"]})
        if "more" in call.query:
            return as_json({"tags": numbered(1000, 1000)})
        return as_json({"tags": numbered(1000)}, Link=f'<{LIST}?more=1>; rel="next"')

    assert Listed(linked).names == [*numbered(2000), "z"]


@pytest.mark.parametrize(
    "answer", [problem(400, "UNSUPPORTED"), problem(404, "NAME_UNKNOWN"), Answer(405)]
)
def test_an_error_in_place_of_what_follows_a_full_page_is_an_error(answer: Answer) -> None:
    listed = Listed(then(numbered(1000), answer))

    assert listed.names is None
    assert listed.error.startswith(
        f"{listed.server.address} lists exactly 1,000 entries in {LIST} and no next page, and does "
        f"not tell what comes after '00999' ({listed.server.url}{LIST} answered {answer.status}"
    )
    assert listed.error.endswith("): the list may be cut short")


@pytest.mark.parametrize(
    "repeated",
    [numbered(1000), numbered(1000, 500), ["00999", "z"], [None, "00000"]],
    ids=["all", "half", "last", "first"],
)
def test_a_repetition_in_place_of_what_follows_a_full_page_is_an_error(
    repeated: list[str | None],
) -> None:
    listed = Listed(then(numbered(1000), as_json({"tags": repeated})))

    assert listed.error == (
        f"{listed.server.address} lists exactly 1,000 entries in {LIST} and no next page, and "
        "repeats some of them when it is asked for those after '00999': the list may be cut short"
    )


@pytest.mark.parametrize(
    "change", [lambda tags: [None, *tags[1:]], lambda tags: [f"sha256:{'a' * 64}", *tags[1:]]]
)
def test_entries_that_are_no_tags_make_a_page_full_too(
    change: Callable[[list[str | None]], list[str | None]],
) -> None:
    listed = Listed(then(change(numbered(1000)), as_json({"tags": ["z"]})))

    assert listed.names == [*numbered(1000)[1:], "z"], listed.error


def test_a_full_page_of_nothing_is_an_error() -> None:
    listed = Listed(lambda _: as_json({"tags": [None] * 1000}))

    assert "lists the page" in listed.error
    assert listed.error.endswith("twice: its paging is broken")


def test_a_later_page_that_is_refused_is_an_error_and_the_list_not_begun_again() -> None:
    def refused(call: Call) -> Answer:
        if "more" in call.query:
            return problem(405, "UNSUPPORTED")
        return as_json({"tags": ["1.0"]}, Link=f'<{LIST}?more=1>; rel="next"')

    listed = Listed(refused)

    assert listed.error.endswith("answered 405 UNSUPPORTED")
    assert len(listed.server.calls) == 2


def test_the_repositories_of_a_registry_are_asked_for_likewise() -> None:
    names: list[str | None] = [f"team/{name}&n=1#?" for name in numbered(1500)]

    listed = Listed(linkless(names, "repositories"), repositories=True)

    assert listed.names == names, listed.error
    assert listed.server.calls[-1].query == {"n": ["1000"], "last": ["team/00999&n=1#?"]}


def test_repositories_that_are_repeated_are_an_error() -> None:
    listed = Listed(lambda _: as_json({"repositories": numbered(1000)}), repositories=True)

    assert f"lists exactly 1,000 entries in {CATALOG} and no next page" in listed.error


@pytest.mark.parametrize("status", [400, 405, 413, 414, 422])
def test_a_server_that_refuses_our_page_size_is_asked_for_its_own(status: int) -> None:
    refusal = Answer(status, b"<html>no</html>")
    listed = Listed(lambda call: refusal if "n" in call.query else as_json({"tags": ["1.0"]}))
    assert listed.names == ["1.0"]
    assert [call.target for call in listed.server.calls] == [f"{LIST}?n=1000", LIST]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_server_that_refuses_the_list_is_not_asked_for_it_twice(status: int) -> None:
    listed = Listed(lambda _: Answer(status))
    assert f"answered {status}" in listed.error
    assert [call.target for call in listed.server.calls] == [f"{LIST}?n=1000"]


def test_what_follows_a_full_page_of_another_host_is_asked_for_at_the_first() -> None:
    far = Server(lambda _: as_json({"tags": numbered(1000)}))

    def near(call: Call) -> Answer:
        if "last" in call.query:
            return as_json({"tags": ["last"]})
        return Answer(307, headers=(("Location", f"{far.url}/elsewhere"),))

    listed = Listed(near, beside=far)
    assert len(listed.names or ()) == 1001
    assert listed.asked_after == ["00999"]
    assert len(far.calls) == 1
