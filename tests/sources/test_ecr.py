"""Amazon ECR and ECR Public, over a server that checks every signature by itself."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from generator.facts import Location, look
from generator.facts.base import Facts, Found
from generator.facts.image import IMAGE
from generator.registry import AwsKeys
from generator.sources.ecr import Ecr
from generator.sources.ecr_api import Place
from tests.facts.asking import image
from tests.registry.fake import NOW, FakeClock, asked, run, session_for
from tests.registry.server import Answer, Server, as_json
from tests.sources import clouds
from tests.sources.asking import Outcome, ask, at, digest
from tests.sources.clouds import AWS_ENV, KEYS, aws_problem

HOST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEYS_OF_PUBLIC = {"registry": "public.ecr.aws", "repository": "acme/{image}"}


def pull(ecr: clouds.Ecr, *images: str, **changes: Any) -> Outcome:
    keys = {"registry": HOST, "repository": "team/{image}"} | changes.pop("keys", {})
    changes.setdefault("env", AWS_ENV)
    return ask(lambda url: Ecr(api=url, **keys), ecr, *images, **changes)


def actions(outcome: Outcome) -> list[str]:
    targets = [call.headers["x-amz-target"] for call in outcome.server.calls]
    return [target.partition(".")[2] for target in targets]


def test_tags_of_all_pages_come_with_the_time_at_which_their_image_was_pushed() -> None:
    entries = [(f"1.{n} v1.{n}", digest(n), at(1, n % 24)) for n in range(1001)]

    outcome = pull(clouds.Ecr(repositories={"team/app": entries}), "app")

    rows = outcome.rows()
    assert rows is not None
    assert len(rows) == 2002
    assert ("v1.1000", digest(1000), at(1, 1000 % 24)) in rows
    assert actions(outcome) == ["DescribeImages", "DescribeImages"]
    first, second = (msgspec.json.decode(call.body) for call in outcome.server.calls)
    assert first == {
        "registryId": "123456789012",
        "repositoryName": "team/app",
        "filter": {"tagStatus": "TAGGED"},
        "maxResults": 1000,
    }
    assert second == first | {"nextToken": "MTAwMA=="}


def test_images_without_a_tag_are_not_listed() -> None:
    entries = [("", digest(1), at(1)), ("1.0", digest(2), at(2))]

    outcome = pull(clouds.Ecr(repositories={"team/app": entries}), "app")

    assert outcome.rows() == [("1.0", digest(2), at(2))]


def test_the_repositories_of_the_registry_are_found_over_all_their_pages() -> None:
    entry = [("1", digest(1), at(1))]
    ecr = clouds.Ecr(repositories={f"team/deep/app{n:04}": entry for n in range(1001)})
    ecr.repositories["other/app"] = entry

    outcome = pull(ecr, wanted=lambda image: image in {"deep/app0000", "deep/app1000", "app"})

    assert outcome.names == ["deep/app0000", "deep/app1000"]
    assert actions(outcome)[:2] == ["DescribeRepositories", "DescribeRepositories"]


def test_a_time_that_is_none_is_the_night_s() -> None:
    ecr = clouds.Ecr()
    images = [
        {"imageDigest": digest(1), "imageTags": ["1"]},
        {"imageDigest": digest(2), "imageTags": ["2"], "imagePushedAt": 0.0},
    ]
    ecr.when("/", as_json({"imageDetails": images}))

    assert pull(ecr, "app").rows() == [("1", digest(1), NOW), ("2", digest(2), NOW)]


@pytest.mark.parametrize("before", ["", "com.amazonaws.ecr#"])
def test_a_repository_that_ecr_does_not_have_is_none(before: str) -> None:
    ecr = clouds.Ecr()
    ecr.when("/", aws_problem(f"{before}RepositoryNotFoundException", "it does not exist"))

    assert pull(ecr, "app").rows() is None


def test_throttling_is_waited_out_though_it_is_answered_with_400() -> None:
    ecr = clouds.Ecr(repositories={"team/app": [("1", digest(1), at(1))]})
    ecr.when("/", *[aws_problem("ThrottlingException", "Rate exceeded")] * 7)

    outcome = pull(ecr, "app")

    assert outcome.tags() == ["1"]
    assert len(outcome.slept) == 7


def test_a_cursor_that_comes_again_is_an_error() -> None:
    ecr = clouds.Ecr()
    row = {"imageDigest": digest(1), "imageTags": ["1"]}
    ecr.rules.append(lambda _: as_json({"imageDetails": [row], "nextToken": "again"}))

    assert "lists the page 'again' twice: its paging is broken" in pull(ecr, "app").error


@pytest.mark.parametrize("body", [{}, {"imageDetails": None}, {"repositories": []}])
def test_an_answer_of_another_shape_is_an_error_and_no_empty_repository(body: object) -> None:
    ecr = clouds.Ecr()
    ecr.when("/", as_json(body))

    assert "did not answer what it should" in pull(ecr, "app").error


def test_a_permission_that_is_missing_is_named() -> None:
    ecr = clouds.Ecr()
    said = "User: arn:aws:iam::123456789012:user/x is not authorized"
    ecr.when("/", as_json({"__type": "AccessDeniedException", "Message": said}, 400))

    outcome = pull(ecr, "app")

    assert outcome.error == (
        f"{outcome.server.url}/ answered 400 AccessDeniedException '{said}': "
        "let the credentials use `DescribeImages`"
    )


def test_credentials_that_aws_does_not_know_end_the_source() -> None:
    outcome = pull(clouds.Ecr(keys=AwsKeys("AKIAOTHER", "x", "y")))

    assert "answered 400 UnrecognizedClientException" in outcome.error
    assert "AWS does not know the credentials, or not any more" in outcome.error
    assert len(outcome.server.calls) == 1


def test_without_credentials_nothing_is_asked() -> None:
    outcome = pull(clouds.Ecr(), "app", env={})

    assert outcome.error.startswith("there are no AWS credentials: give AWS_ACCESS_KEY_ID")
    assert outcome.server.calls == []


def test_the_catalog_may_name_a_profile(tmp_path: Any) -> None:
    (tmp_path / "credentials").write_text(
        f"[team]\naws_access_key_id = {KEYS.id}\naws_secret_access_key = {KEYS.secret}\n"
        f"aws_session_token = {KEYS.token}\n"
    )
    env = AWS_ENV | {
        "AWS_ACCESS_KEY_ID": "AKIAOTHER",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    ecr = clouds.Ecr(repositories={"team/app": [("1", digest(1), at(1))]})

    assert pull(ecr, "app", env=env, keys={"profile": "team"}).tags() == ["1"]


def test_a_signature_that_does_not_fit_is_an_error_that_speaks_of_key_and_clock() -> None:
    outcome = pull(clouds.Ecr(keys=AwsKeys(KEYS.id, "another-secret", KEYS.token)), "app")

    assert "answered 400 InvalidSignatureException" in outcome.error
    assert outcome.error.endswith("the profile, and this machine's clock")


def test_a_server_that_repeats_the_token_has_it_blackened() -> None:
    ecr = clouds.Ecr()
    ecr.rules.append(
        lambda call: aws_problem("Odd", f"you sent {call.headers['x-amz-security-token']}")
    )

    assert "answered 400 Odd 'you sent ***'" in pull(ecr, "app").error


def test_a_redirect_to_another_host_is_not_followed() -> None:
    ecr = clouds.Ecr()
    ecr.when("/", Answer(307, headers=(("Location", "http://127.0.0.1:9/"),)))

    assert "answered 307" in pull(ecr, "app").error


def test_the_registry_takes_a_login_that_the_api_gives_once() -> None:
    ecr = clouds.Ecr()
    sha = image(ecr.registry)
    ecr.registry.tag("team/app", "latest", sha)

    async def scenario() -> tuple[Facts, Server]:
        session = session_for(FakeClock(), AWS_ENV)
        server = Server(ecr)
        async with server.running(), asked(session) as opened:
            keys: dict[str, Any] = {
                "registry": server.url,
                "api": server.url,
                "region": "eu-west-1",
            }
            source = Ecr(**keys, repository="team/{image}").open(opened)
            await look(Location(source, "web"), sha)
            return await look(Location(source, "app"), sha), server

    facts, server = run(scenario())

    assert isinstance(IMAGE.of(facts), Found)
    logins = [call for call in server.calls if call.path == "/"]
    assert [call.headers["x-amz-target"].partition(".")[2] for call in logins] == [
        "GetAuthorizationToken"
    ]


def test_ecr_public_lists_tags_of_one_s_own_registry() -> None:
    entries = [(f"1.{n}", digest(n), at(1, n % 24)) for n in range(1001)]
    ecr = clouds.Ecr(repositories={"app": entries, "deep/web": entries[:1]}, aliases=("acme",))

    outcome = pull(ecr, keys=KEYS_OF_PUBLIC)

    assert outcome.names == ["app", "deep/web"]
    assert len(outcome.tags("app")) == 1001
    assert ("1.30", digest(30), at(1, 6)) in (outcome.rows("app") or ())
    assert actions(outcome).count("DescribeRegistries") == 1


@pytest.mark.parametrize("images", [(), ("app",)])
def test_of_another_s_public_registry_the_api_tells_nothing_and_that_is_said(
    images: tuple[str, ...],
) -> None:
    ecr = clouds.Ecr(repositories={"app": [("1", digest(1), at(1))]}, aliases=("other",))

    outcome = pull(ecr, *images, keys=KEYS_OF_PUBLIC)

    assert outcome.error.startswith("public.ecr.aws/acme is no registry of these AWS credentials")
    assert "use `kind: oci`" in outcome.error


@pytest.mark.parametrize(
    ("registry", "api", "region", "account"),
    [
        (HOST, "https://api.ecr.eu-west-1.amazonaws.com", "eu-west-1", "123456789012"),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
            "https://api.ecr.cn-north-1.amazonaws.com.cn",
            "cn-north-1",
            "123456789012",
        ),
        (
            "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com",
            "https://api.ecr-fips.us-gov-west-1.amazonaws.com",
            "us-gov-west-1",
            "123456789012",
        ),
        (
            "123456789012.dkr-ecr.us-west-2.on.aws",
            "https://ecr.us-west-2.api.aws",
            "us-west-2",
            "123456789012",
        ),
        ("public.ecr.aws", "https://api.ecr-public.us-east-1.amazonaws.com", "us-east-1", ""),
    ],
)
def test_the_registry_s_name_tells_where_to_ask(
    registry: str, api: str, region: str, account: str
) -> None:
    place = Ecr(registry=registry).place

    assert place == Place(api, region, account, public=registry == "public.ecr.aws")


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"registry": "registry.example.com"}, "is none of Amazon's names"),
        ({"registry": "registry.example.com", "region": "eu-west-1"}, "name `region` and `api`"),
        ({"registry": HOST, "username": "AWS", "password": "${X}"}, "knows no passwords"),
        ({"registry": HOST, "token": "${X}"}, "credentials from the environment"),
        ({"registry": HOST, "api": "http://api.example.com"}, "`api`: http://api.example.com is"),
    ],
)
def test_a_catalog_that_cannot_be_meant_is_refused(keys: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Ecr(**keys)
