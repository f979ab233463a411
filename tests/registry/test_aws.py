"""AWS credentials: from where AWS's own tools have them, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.registry import AwsKeys, RegistryError, aws_keys

ENV = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "env-secret"}
CREDENTIALS = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default%secret

[team]
aws_access_key_id=AKIATEAM
aws_secret_access_key=team-secret
aws_session_token=team-token
"""
CONFIG = """
[default]
region = eu-west-1
s3 =
  max_concurrent_requests = 20

[profile old]
aws_access_key_id = AKIAOLD
aws_secret_access_key = old-secret

[profile sso]
sso_session = acme
"""


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment whose home has both of AWS's files."""
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(CREDENTIALS)
    (tmp_path / ".aws" / "config").write_text(CONFIG)
    return {"HOME": str(tmp_path)}


def test_the_environment_s_key_comes_first(home: dict[str, str]) -> None:
    assert aws_keys(home | ENV) == AwsKeys("AKIAENV", "env-secret")


def test_a_session_token_belongs_to_its_key(home: dict[str, str]) -> None:
    keys = aws_keys(home | ENV | {"AWS_SESSION_TOKEN": "env-token"})

    assert keys == AwsKeys("AKIAENV", "env-secret", "env-token")


def test_without_a_key_in_the_environment_it_is_the_default_profile_s(home: dict[str, str]) -> None:
    assert aws_keys(home) == AwsKeys("AKIADEFAULT", "default%secret")


@pytest.mark.parametrize("variable", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_the_environment_names_a_profile(home: dict[str, str], variable: str) -> None:
    assert aws_keys(home | {variable: "team"}) == AwsKeys("AKIATEAM", "team-secret", "team-token")


def test_the_catalog_s_profile_counts_more_than_the_environment_s_key(home: dict[str, str]) -> None:
    assert aws_keys(home | ENV, "team").id == "AKIATEAM"


def test_a_profile_may_have_its_key_in_the_other_file(home: dict[str, str]) -> None:
    assert aws_keys(home, "old") == AwsKeys("AKIAOLD", "old-secret")


def test_the_environment_says_where_the_files_are(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(CREDENTIALS.replace("team-secret", "my-secret"))
    env = home | {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "mine")}

    assert aws_keys(env, "team").secret == "my-secret"


@pytest.mark.parametrize("profile", ["nobody", "sso"])
def test_a_profile_without_a_key_is_an_error_that_names_it(
    home: dict[str, str], profile: str
) -> None:
    with pytest.raises(RegistryError, match=f"the AWS profile `{profile}` has no access key") as e:
        aws_keys(home, profile)

    assert "aws configure export-credentials" in str(e.value)


def test_no_key_anywhere_is_an_error_that_says_where_to_put_one() -> None:
    with pytest.raises(RegistryError, match="there are no AWS credentials: give AWS_ACCESS_KEY_ID"):
        aws_keys({"HOME": "/nonexistent"})


def test_a_line_break_at_the_end_is_no_part_of_a_key() -> None:
    env = {name: f"{value}\n" for name, value in ENV.items()} | {"AWS_SESSION_TOKEN": "token\r\n"}

    assert aws_keys(env) == AwsKeys("AKIAENV", "env-secret", "token")


@pytest.mark.parametrize("token", ["to\nken", "tök"])
def test_what_no_header_may_have_is_an_error_that_does_not_show_it(token: str) -> None:
    with pytest.raises(RegistryError) as caught:
        aws_keys(ENV | {"AWS_SESSION_TOKEN": token})

    assert str(caught.value) == (
        "aws_session_token of the environment has characters that no header may have"
    )


def test_half_a_key_is_an_error() -> None:
    with pytest.raises(RegistryError, match="AWS_SECRET_ACCESS_KEY is not"):
        aws_keys({"HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": "AKIAENV"})


@pytest.mark.parametrize("text", ["[default]\nmy-secret-key\n", "aws_secret_access_key = x\n"])
def test_a_file_that_is_none_is_an_error_that_shows_nothing_of_it(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "credentials"
    path.write_text(text)

    with pytest.raises(RegistryError) as caught:
        aws_keys({"HOME": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": str(path)})

    assert str(caught.value) == f"{path} is no AWS credentials file: write `key = value`"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot be read: Is a directory"):
        aws_keys({"HOME": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path)})
