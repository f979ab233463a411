"""The AWS access key of this machine, from where AWS's own tools keep it.

Formats: "Configuration and credential file settings" and "Environment variables to configure the
AWS CLI" in the AWS CLI User Guide. Roles and single sign-on, which those tools ask servers for,
are left to them: `aws configure export-credentials` writes what they give as variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser
from configparser import Error as ParseError
from pathlib import Path

from generator.registry.errors import RegistryError
from generator.registry.sigv4 import AwsKeys

_HELP = (
    "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials (for roles "
    'and single sign-on: `eval "$(aws configure export-credentials --format env)"`)'
)


def aws_keys(env: Mapping[str, str], profile: str = "") -> AwsKeys:
    """The key of a profile; without a profile, that of the environment, else of its profile.

    Raises RegistryError if there is none, or a file that cannot be read.
    """
    if env.get("AWS_ACCESS_KEY_ID") and not profile:
        if not env.get("AWS_SECRET_ACCESS_KEY"):
            raise RegistryError("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not")
        found = {key.lower(): value for key, value in env.items() if key.startswith("AWS_")}
        return _keys(found, "the environment")
    named = profile or env.get("AWS_PROFILE") or env.get("AWS_DEFAULT_PROFILE") or "default"
    home = Path(env["HOME"]) if env.get("HOME") else Path.home()
    for variable, name, section in (
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", named),
        ("AWS_CONFIG_FILE", "config", named if named == "default" else f"profile {named}"),
    ):
        path = Path(env.get(variable) or home / ".aws" / name)
        if keys := _in_file(path, section):
            return keys
    if profile or named != "default":
        raise RegistryError(f"the AWS profile `{named}` has no access key: give {_HELP}")
    raise RegistryError(f"there are no AWS credentials: give {_HELP}")


def _in_file(path: Path, section: str) -> AwsKeys | None:
    parser = ConfigParser(interpolation=None, strict=False, default_section="")
    try:
        parser.read_string(path.read_text())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}") from None
    except (ParseError, UnicodeDecodeError):  # which quote the line, with what is secret in it
        raise RegistryError(f"{path} is no AWS credentials file: write `key = value`") from None
    if not parser.has_section(section):
        return None
    found = parser[section]
    if not (found.get("aws_access_key_id") and found.get("aws_secret_access_key")):
        return None
    return _keys(found, str(path))


def _keys(found: Mapping[str, str], place: str) -> AwsKeys:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    values = [found.get(name, "").strip() for name in names]
    for name, value in zip(names, values, strict=True):
        if not (value.isascii() and value.isprintable()):
            raise RegistryError(f"{name} of {place} has characters that no header may have")
    return AwsKeys(*values)
