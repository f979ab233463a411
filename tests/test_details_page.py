"""The Details page: what is known of each documented variant, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from generator.facts.base import Absent, Change, CouldNotLook, Details, Fact, Facts, Found, Move
from generator.facts.image import Config, ImageFacts, Platform
from generator.facts.packages import Packages
from generator.facts.sbom import Package
from generator.grouping import Window
from generator.model import Image, Table, TagGroup
from generator.pages import details as page
from generator.pages.base import Site, Subject, TableInfo
from generator.pages.environment import Renderer
from generator.sources.oci import Oci
from tests.support import ROOT, body_of, digest

NOW = datetime(2026, 8, 1, 12, tzinfo=UTC)
A, B, C = digest("a"), digest("b"), digest("c")
SITE = Site(
    "/ref/",
    (),
    {
        name: TableInfo(title, "", Oci(registry="registry.test"), {})
        for name, title in (("public", "Public"), ("private", "Private"))
    },
    Window(),
    "recency",
    NOW,
    7,
    ("latest*",),
)


def image(**config: Any) -> Fact[ImageFacts]:
    return Found(ImageFacts(config=Config(**config)))


def packages(*items: Package, **keys: Any) -> Fact[Packages]:
    return Found(Packages(**{"format": "SPDX", "form": "referrer", **keys}, packages=items))


def subject(facts: dict[str, Facts], public: dict[str, str], **private: str) -> Subject:
    """The image `app`, its tables by tag and digest."""
    tables = (
        Table(name, tuple(TagGroup(value, NOW, (tag,)) for tag, value in tags.items()))
        for name, tags in (("public", public), ("private", private))
    )
    return Subject(Image("app", tuple(tables)), Details("app", facts))


def body(of: Subject, folder: str | None = None) -> str:
    renderer = Renderer(ROOT / folder if folder else None)
    return body_of(renderer.render("details.md.j2", page.view(of, SITE)))


def one(**facts: Fact[Any]) -> str:
    """The page of an image whose only documented tag is `latest`."""
    return body(subject({A: facts}, {"latest": A}))


def row(text: str, name: str) -> list[str]:
    """The cells of a row."""
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {name} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_the_whole_page() -> None:
    latest = ImageFacts(
        is_index=True,
        platforms=(
            Platform("linux", "amd64", digest=C, size=5_300_000, layers=3),
            Platform("linux", "arm64", digest=C, size=1000, layers=1),
        ),
        created=datetime(2026, 7, 1, tzinfo=UTC),
        config=Config(
            user="65532",
            entrypoint="/usr/bin/app",
            env={"PATH": "/usr/bin", "A": "b|c"},
            exposed_ports=("80/tcp",),
            labels={"org.opencontainers.image.source": "https://git.test/app", "other": "x"},
        ),
    )
    of = subject(
        {
            A: {
                "image": Found(latest),
                "packages": packages(
                    Package("zlib", "1.3", "MIT", "apk"),
                    Package("busybox", "1.36", "GPL-2.0-only", "apk"),
                    Package("busybox", "1.37", "GPL-2.0-only", "apk"),
                    platform="linux/amd64",
                ),
            },
            B: {"image": image(), "packages": Absent()},
        },
        {"latest": A, "latest-dev": B, "1.0": C},
    )

    assert (
        body(of)
        == f"""
## Variants

| | `latest` | `latest-dev` |
| --- | --- | --- |
| Digest | `{A}` | `{B}` |
| User | `65532` | not set |
| Entrypoint | `/usr/bin/app` | not set |
| Command | not set | not set |
| Working directory | not set | not set |
| Environment | `PATH=/usr/bin`, A\\=b\\|c | not set |
| Ports | `80/tcp` | not set |
| Volumes | not set | not set |
| Stop signal | not set | not set |
| org.opencontainers.image.source | `https://git.test/app` | not set |
| Platforms | `linux/amd64` (5.3 MB in 3 layers), `linux/arm64` (1.0 kB in 1 layer) | not known |
| Created | July 1st | not known |
| Has a shell | yes | not known |
| Has a package manager | no | not known |

## Packages

- `latest`: 3 packages, from its SPDX document, attached to `linux/amd64`.
- `latest-dev`: nothing that tells its packages is attached to it.

| Package | Licence | `latest` |
| --- | --- | --- |
| `busybox` | `GPL-2.0-only` | `1.36`, `1.37` |
| `zlib` | `MIT` | `1.3` |
"""
    )


def test_what_could_not_be_looked_up_is_told_with_its_day() -> None:
    since = datetime(2026, 7, 30, tzinfo=UTC)

    text = one(packages=CouldNotLook("secret words of a server", since))

    assert "- `latest`: its packages could not be looked up since July 30th.\n" in text
    assert "secret" not in text
    assert row(text, "User") == ["not known"]


def test_what_nobody_asked_for_is_not_known() -> None:
    text = one(image=image())

    assert "- `latest`: its packages are not known.\n" in text
    assert "| Package |" not in text


def test_without_a_documented_tag_the_page_says_so() -> None:
    text = body(subject({}, {"1.0": A}))

    assert "No tag of this image is documented.\n" in text
    assert "Packages" not in text


@pytest.mark.parametrize(
    ("found", "shell", "manager"),
    [
        (packages(Package("bash", type="deb"), Package("dpkg", type="deb")), "yes", "yes"),
        (packages(Package("microdnf", type="rpm")), "no", "yes"),
        (packages(Package("musl", type="apk")), "no", "no"),
        (packages(Package("bash", type="golang")), "not known", "not known"),
        (packages(Package("busybox"), format="apko", form=""), "yes", "no"),
        (Absent(), "not known", "not known"),
        (CouldNotLook("down"), "not known", "not known"),
    ],
)
def test_a_shell_is_known_only_where_the_packages_of_the_system_are(
    found: Fact[Packages], shell: str, manager: str
) -> None:
    text = one(image=image(), packages=found)

    assert row(text, "Has a shell") == [shell]
    assert row(text, "Has a package manager") == [manager]


def test_a_tag_that_contains_the_same_in_two_tables_is_one_column() -> None:
    facts: Facts = {"image": image(user="a"), "packages": packages(Package("zlib", "1"))}

    text = body(subject({A: facts, B: facts}, {"latest": A}, latest=B))

    assert "| | `latest` |\n" in text
    assert row(text, "Digest") == [f"`{A}`, `{B}`"]


def test_a_tag_that_contains_something_else_in_each_table_has_a_column_for_each() -> None:
    facts: dict[str, Facts] = {A: {"image": image(user="a")}, B: {"image": image(user="b")}}

    text = body(subject(facts, {"latest": A, "latest-dev": A}, latest=B))

    assert "| | `latest` (Public) | `latest` (Private) | `latest-dev` |\n" in text
    assert row(text, "User") == ["`a`", "`b`", "`a`"]


def test_a_package_is_one_row_over_all_variants_sorted_by_its_name() -> None:
    text = body(
        subject(
            {
                A: {"packages": packages(Package("zlib", "1", "MIT"), Package("Attr", "2"))},
                B: {"packages": packages(Package("zlib", "2", "Zlib"), Package("bash"))},
            },
            {"latest": A, "latest-dev": B},
        )
    )

    assert text[text.index("| Package") :] == (
        "| Package | Licence | `latest` | `latest-dev` |\n"
        "| --- | --- | --- | --- |\n"
        "| `Attr` | | `2` | |\n"
        "| `bash` | | | yes |\n"
        "| `zlib` | `MIT`, `Zlib` | `1` | `2` |\n"
    )


def test_the_page_of_200_packages_in_4_variants_is_smaller_than_150_kb() -> None:
    items = [
        Package(f"lib{'long-name-' * 3}{number}", "1.2.3-r4", "GPL-2.0-or-later AND MIT", "apk")
        for number in range(200)
    ]
    environment = {f"NAME_{number}": "/usr/lib/some/where" * 3 for number in range(30)}
    facts: Facts = {"image": image(env=environment), "packages": packages(*items)}
    tags = [f"latest-{number}" for number in range(4)]
    of = subject({A: facts}, dict.fromkeys(tags, A))

    for folder in (None, "templates"):
        text = body(of, folder)
        assert text.count("\n| `lib") == 200
        assert len(text.encode()) < 150_000


def test_the_old_form_says_of_what_is_not_known_that_it_is_not() -> None:
    of = subject(
        {
            A: {"image": image(user="65532", entrypoint="/bin/s6-svscan /sv")},
            B: {"image": image(), "packages": packages(Package("apk-tools", type="apk"))},
        },
        {"latest": A, "latest-dev": B, "latest-old": C},
    )

    text = body(of, "templates")

    assert (
        """
|              | latest-dev    | latest         |
|--------------|---------------|----------------|
| Default User | not specified | `65532`        |
| Entrypoint   | not specified | Service Bundle |
| CMD          | not specified | not specified  |
| Workdir      | not specified | not specified  |
| Has apk?     | yes           | not known      |
| Has a shell? | no            | not known      |
"""
        in text
    )
    assert "The packages of `latest-old` are not known.\n" in text


def test_the_last_moves_of_a_tag_say_what_changed() -> None:
    moves = (
        Move(
            B,
            A,
            datetime(2026, 7, 31, tzinfo=UTC),
            (
                Change("bash", ("5.1",), ("5.2",)),
                Change("curl", ("8",), ()),
                Change("git", (), ("",)),
                Change("zlib", (), ("1", "2")),
            ),
            3,
            (Change("User", ("65532",), ()), Change("Environment", ("A=|",), ("A=1",))),
            5_300_000,
            5_400_000,
        ),
        Move(A, C, datetime(2025, 1, 1, tzinfo=UTC)),
        Move(C, A, datetime(2025, 1, 1, tzinfo=UTC), (), 0, ()),
    )
    of = subject({}, {"latest": B, "latest-dev": B}, latest=B)
    of = of._replace(details=Details("app", {}, {"public": {"latest": moves}}))

    text = body(of)

    assert (
        text[text.index("## What changed") :]
        == """\
## What changed

The tag `latest`:

- July 31st: from `aaaaaaaaaaaa` to `bbbbbbbbbbbb`, from 5.3 MB to 5.4 MB
  - Packages added: `git`, `zlib` `1`, `2`
  - Packages removed: `curl` `8`
  - Packages with other versions: `bash` `5.1` to `5.2`
  - 3 more packages are not listed here.
  - User: `65532` to not set
  - Environment: A\\=\\| to `A=1`
- January 1st, 2025: from `cccccccccccc` to `aaaaaaaaaaaa`
  - Which packages changed is not known.
  - Whether the configuration changed is not known.
- January 1st, 2025: from `aaaaaaaaaaaa` to `cccccccccccc`
  - The packages and the configuration are the same.
"""
    )
