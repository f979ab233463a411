"""What was recorded of a listing's images: apko's configurations, by tag."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from generator.content.details import decode_details, encode_details
from generator.facts import Location, look
from generator.facts.apko import SERVICE_BUNDLE
from generator.facts.base import Absent, CouldNotLook, Details, Facts, Found
from generator.facts.image import IMAGE, Config, ImageFacts, Platform
from generator.facts.packages import PACKAGES, Packages
from generator.facts.sbom import Package
from generator.sources.listing import Listing
from tests.registry.fake import FakeClock, asked, run, session_for
from tests.support import NIGHTS, digest

TIME = "2024-06-01T00:00:00Z"
A, B = digest("a"), digest("b")


def listed(image: str, **tags: str) -> dict[str, object]:
    """An image of a listing: digests by tag, `_` in a tag's name for `-`."""
    return {
        "repo": {"name": image},
        "tags": [
            {"name": tag.replace("_", "-"), "digest": value, "lastUpdated": TIME}
            for tag, value in tags.items()
        ],
    }


def detailed(image: str, **configs: object) -> dict[str, object]:
    """An image of the details: configurations by tag."""
    return {
        "image": image,
        "variants": [
            {"tag": tag.replace("_", "-"), "config": config} for tag, config in configs.items()
        ],
    }


def recorded(
    folder: Path,
    listing: Iterable[object],
    details: object,
    *digests: tuple[str, str],
    name: str = "details.json",
    repositories: Mapping[str, str] | None = None,
) -> list[Facts]:
    """The facts of digests of images, by what the two files say; bytes are written as they are."""
    (folder / "listing.json").write_text(json.dumps(list(listing)))
    data = details if isinstance(details, bytes) else json.dumps(details).encode()
    if details is not None:
        (folder / name).write_bytes(data)

    async def scenario() -> list[Facts]:
        session = session_for(FakeClock())
        async with asked(session, root=folder, repositories=repositories or {}) as ask:
            source = Listing(path="listing.json", details=name).open(ask)
            await source.names()
            return [await look(Location(source, image), value) for image, value in digests]

    return run(scenario())


def app(folder: Path, config: object) -> Facts:
    """The facts of a recorded configuration."""
    (facts,) = recorded(
        folder, [listed("app", latest=A)], [detailed("app", latest=config)], ("app", A)
    )
    return facts


def image_of(facts: Facts) -> ImageFacts:
    fact = IMAGE.of(facts)
    assert isinstance(fact, Found), fact
    return fact.value


def reason(facts: Facts) -> str:
    """The reason why it could not be looked, which is one for all kinds."""
    (fact,) = set(facts.values())
    assert isinstance(fact, CouldNotLook)
    return fact.reason


def test_an_apko_configuration_tells_how_a_container_is_started(tmp_path: Path) -> None:
    facts = app(
        tmp_path,
        {
            "contents": {"packages": ["busybox", "glibc=2.39-r5"], "repositories": ["https://x"]},
            "entrypoint": {"command": '/bin/sh -c "exec app"'},
            "cmd": '--name=""',
            "stop-signal": "SIGQUIT",
            "work-dir": "/srv",
            "accounts": {"run-as": "nginx", "users": [{"uid": 101, "username": "nginx"}]},
            "environment": {"PATH": "/bin"},
            "annotations": {"org.opencontainers.image.title": "App"},
            "volumes": ["/data"],
            "archs": ["amd64", "aarch64", "armv7", "riscv64"],
        },
    )

    assert facts == {
        "image": Found(
            ImageFacts(
                platforms=(
                    Platform("linux", "amd64"),
                    Platform("linux", "arm64"),
                    Platform("linux", "arm", "v7"),
                    Platform("linux", "riscv64"),
                ),
                config=Config(
                    user="nginx",
                    entrypoint='/bin/sh -c "exec app"',
                    cmd='--name=""',
                    working_dir="/srv",
                    env={"PATH": "/bin"},
                    volumes=("/data",),
                    stop_signal="SIGQUIT",
                    labels={"org.opencontainers.image.title": "App"},
                ),
            )
        ),
        "packages": Found(Packages("apko", (Package("busybox"), Package("glibc", "2.39-r5")))),
    }


def test_an_empty_configuration_runs_as_root_and_tells_no_packages(tmp_path: Path) -> None:
    facts = app(tmp_path, {})

    assert image_of(facts) == ImageFacts(config=Config(user="root"))
    assert PACKAGES.of(facts) == Absent()


@pytest.mark.parametrize(
    ("accounts", "user"),
    [
        ({"run-as": "0"}, "root"),
        ({"run-as": ""}, "root"),
        ({"run-as": "65532"}, "65532"),
        ({"run-as": "65532", "users": [{"uid": 65532, "username": "nonroot"}]}, "nonroot"),
        ({"run-as": "65532", "users": [{"uid": 65532}]}, "65532"),
        ({"run-as": "65532:65532"}, "65532:65532"),
    ],
)
def test_a_user_id_is_looked_up_among_the_accounts(
    tmp_path: Path, accounts: object, user: str
) -> None:
    assert image_of(app(tmp_path, {"accounts": accounts})).config.user == user


@pytest.mark.parametrize(
    ("entrypoint", "line"),
    [
        ({"type": "service-bundle", "services": {"nginx": "/sbin/nginx"}}, "/bin/s6-svscan /sv"),
        ({"shell-fragment": "exec app | tee log"}, "/bin/sh -c 'exec app | tee log'"),
        ({"command": 'unbalanced "quote'}, 'unbalanced "quote'),
    ],
)
def test_an_entrypoint_is_the_command_line_that_apko_makes_of_it(
    tmp_path: Path, entrypoint: object, line: str
) -> None:
    assert image_of(app(tmp_path, {"entrypoint": entrypoint})).config.entrypoint == line


@pytest.mark.parametrize(
    ("text", "package"),
    [
        ("glibc=2.39-r5", Package("glibc", "2.39-r5")),
        ("glibc=2.39-r5@local", Package("glibc", "2.39-r5")),
        ("glibc~2.39", Package("glibc")),
        ("glibc>=2.39", Package("glibc")),
        ("glibc@edge", Package("glibc")),
        ("glibc=", Package("glibc")),
        ("=", Package("=")),
    ],
)
def test_only_an_exact_version_is_one(tmp_path: Path, text: str, package: Package) -> None:
    facts = app(tmp_path, {"contents": {"packages": [text]}})

    assert PACKAGES.of(facts) == Found(Packages("apko", (package,)))


def test_a_digest_has_what_is_recorded_of_the_listing_s_tags_at_it(tmp_path: Path) -> None:
    first, second = {"cmd": "one"}, {"cmd": "two"}
    facts = recorded(
        tmp_path,
        [listed("app", latest=A, latest_dev=B, old=A)],
        [detailed("other", latest=second), detailed("app", latest_dev=second, latest=first)],
        ("app", A),
        ("app", B),
    )

    assert [image_of(found).config.cmd for found in facts] == ["one", "two"]


def test_two_tags_of_one_digest_may_both_be_recorded_if_they_agree(tmp_path: Path) -> None:
    listing = [listed("app", latest=A, latest_root=A)]
    same, other = {"cmd": "one"}, {"cmd": "two"}

    (agreed,) = recorded(
        tmp_path, listing, [detailed("app", latest=same, latest_root=same)], ("app", A)
    )
    (torn,) = recorded(
        tmp_path, listing, [detailed("app", latest=same, latest_root=other)], ("app", A)
    )

    assert image_of(agreed).config.cmd == "one"
    assert "there is more than one configuration for the digest of 'latest, latest-root'" in reason(
        torn
    )


def test_an_image_under_another_name_in_the_listing_has_it_in_the_details_too(
    tmp_path: Path,
) -> None:
    (facts,) = recorded(
        tmp_path,
        [listed("app-upstream", latest=A)],
        [detailed("app-upstream", latest={"cmd": "one"})],
        ("app", A),
        repositories={"app": "app-upstream"},
    )

    assert image_of(facts).config.cmd == "one"


@pytest.mark.parametrize(
    ("details", "told"),
    [
        (None, "cannot read the details "),
        (b"[", "is not as it should be"),
        (b"[" * 100_000, "is not as it should be"),
        ([{"image": "app"}], "is not as it should be: `$[0]` lacks `variants`"),
        ([], "has the image 'app' nowhere"),
        ([detailed("app"), detailed("app")], "has the image 'app' twice: remove one entry"),
        ([{"image": "app", "variants": {}}], "image 'app': it is a mapping, not a list"),
        ([detailed("app", old={})], "image 'app': there is no configuration for the digest of"),
        ([detailed("app", latest={"cmd": 1})], "the apko configuration is not as it should be: "),
        ([detailed("app", latest=[])], "the apko configuration is not as it should be: "),
    ],
)
def test_details_that_cannot_be_read_are_told_and_cost_no_tag(
    tmp_path: Path, details: object, told: str
) -> None:
    (facts,) = recorded(tmp_path, [listed("app", latest=A)], details, ("app", A))

    assert set(facts) == {"image", "packages"}
    assert told in reason(facts)


def test_a_details_file_that_is_cut_short_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps([detailed("app", latest={})]).encode())

    (facts,) = recorded(
        tmp_path, [listed("app", latest=A)], packed[:-9], ("app", A), name="details.json.gz"
    )

    assert "details.json.gz is cut short or broken" in reason(facts)


def test_a_digest_that_the_listing_has_no_more_is_not_guessed(tmp_path: Path) -> None:
    (facts,) = recorded(
        tmp_path, [listed("app", latest=A)], [detailed("app", latest={})], ("app", B)
    )

    assert f"has no tag of 'app' at {B}" in reason(facts)


# All that is recorded of a night: the values hold what the old pages showed of it.


@pytest.fixture(scope="module")
def night() -> list[dict[str, Any]]:
    path = NIGHTS / "2024-06-03" / "details.json.gz"
    if not path.is_file():
        pytest.skip("the recorded nights are not beside the checkout")
    return cast("list[dict[str, Any]]", json.loads(gzip.decompress(path.read_bytes())))


@pytest.fixture(scope="module")
def facts_of_the_night(
    night: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Details]:
    """The facts of all variants, in their order; each tag has a digest of its own."""
    listing = []
    digests = []
    for entry in night:
        tags = {
            variant["tag"]: sha256(entry["image"], variant["tag"]) for variant in entry["variants"]
        }
        listing.append(listed(entry["image"], **tags))
        digests += [(entry["image"], value) for value in tags.values()]
    found = recorded(tmp_path_factory.mktemp("night"), listing, night, *digests)
    details: dict[str, dict[str, Facts]] = {}
    for (image, value), facts in zip(digests, found, strict=True):
        details.setdefault(image, {})[value] = facts
    return {image: Details(image, facts) for image, facts in details.items()}


def sha256(*texts: str) -> str:
    return f"sha256:{hashlib.sha256('/'.join(texts).encode()).hexdigest()}"


def test_everything_that_is_recorded_of_a_night_is_found(
    facts_of_the_night: dict[str, Details],
) -> None:
    facts = [fact for details in facts_of_the_night.values() for fact in details.facts.values()]

    assert len(facts_of_the_night) == 749
    assert len(facts) == 1446
    assert all(isinstance(IMAGE.of(fact), Found) for fact in facts)
    assert all(isinstance(PACKAGES.of(fact), Found) for fact in facts)


def test_the_facts_of_a_night_are_written_and_read_back(
    facts_of_the_night: dict[str, Details],
) -> None:
    for image, details in facts_of_the_night.items():
        assert decode_details(encode_details(details), image) == details


def test_the_facts_hold_every_table_that_the_old_pages_had_of_them(
    night: list[dict[str, Any]], facts_of_the_night: dict[str, Details]
) -> None:
    expected = json.loads((NIGHTS / "2024-06-03" / "expected-details.json").read_bytes())
    wrong = []
    for entry in night:
        image = entry["image"]
        facts = facts_of_the_night[image].facts
        columns = {
            variant["tag"]: facts[sha256(image, variant["tag"])]
            for variant in sorted(entry["variants"], key=lambda variant: f"{variant['tag']}.")
        }
        for kind, text in (("variants", variants(columns)), ("packages", packages(columns))):
            if hashlib.sha256(text.encode()).hexdigest() != expected[image][kind]:
                wrong.append((image, kind, text))
    assert wrong == []


def variants(columns: Mapping[str, Facts]) -> str:
    """The old table of variants."""
    rows: dict[str, list[str]] = {
        row: []
        for row in ("Default User", "Entrypoint", "CMD", "Workdir", "Has apk?", "Has a shell?")
    }
    for facts in columns.values():
        config = image_of(facts).config
        names = names_of(facts)
        bundle = config.entrypoint == SERVICE_BUNDLE
        cells = (
            code(config.user),
            "Service Bundle" if bundle else code(config.entrypoint),
            code(config.cmd),
            code(config.working_dir),
            yes("apk-tools" in names),
            yes("bash" in names or "busybox" in names),
        )
        for cell, row in zip(cells, rows.values(), strict=True):
            row.append(cell)
    return table(columns, rows)


def packages(columns: Mapping[str, Facts]) -> str:
    """The old table of packages."""
    have = [names_of(facts) for facts in columns.values()]
    names = dict.fromkeys(name for variant in have for name in variant)
    rows = {f"`{name}`": ["X" if name in variant else "" for variant in have] for name in names}
    return table(columns, rows)


def names_of(facts: Facts) -> list[str]:
    fact = PACKAGES.of(facts)
    assert isinstance(fact, Found)
    return [package.name for package in fact.value.packages]


def code(text: str) -> str:
    return f"`{text}`" if text else "not specified"


def yes(value: bool) -> str:
    return "yes" if value else "no"


def table(columns: Iterable[str], rows: Mapping[str, list[str]]) -> str:
    """A table in the form of the old pages: each column as wide as its widest cell."""
    lines = [["", *columns], *([name, *cells] for name, cells in rows.items())]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    text = ""
    for at, line in enumerate(lines):
        fill = "-" if at == 1 else " "
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        text += "|" + "|".join(f"{fill}{cell}{fill}" for cell in cells) + "|\n"
    return text
