"""Servers that page, sign, exchange tokens and refuse as ECR, ACR, GitLab and zot do."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from generator.registry import AwsKeys
from tests.registry.fake import FakeRegistry
from tests.registry.server import Answer, Call, as_json, problem
from tests.sources.asking import Vendor
from tests.sources.vendors import Entry, iso, page_of

ACCOUNT = "123456789012"
KEYS = AwsKeys("AKIAEXAMPLE", "aws-secret-of-the-test", "aws-session-of-the-test")
AWS_ENV = {
    "AWS_ACCESS_KEY_ID": KEYS.id,
    "AWS_SECRET_ACCESS_KEY": KEYS.secret,
    "AWS_SESSION_TOKEN": KEYS.token,
}
_SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<scope>[0-9]{8}/[^/]+/[^/]+/aws4_request)"
    r", SignedHeaders=(?P<names>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def aws_problem(code: str, message: str = "") -> Answer:
    return as_json({"__type": code, "message": message}, 400)


def canonical(call: Call, names: str) -> str:
    """A request as AWS puts it together, from what came in."""
    path, _, query = call.target.partition("?")
    lines = [f"{name}:{call.headers[name]}" for name in names.split(";")]
    body = hashlib.sha256(call.body).hexdigest()
    return "\n".join([call.method, path, query, *lines, "", names, body])


def signature(call: Call, scope: str, names: str, secret: str) -> str:
    request = hashlib.sha256(canonical(call, names).encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{call.headers['x-amz-date']}\n{scope}\n{request}"
    key = b"AWS4" + secret.encode()
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key.hex()


@dataclass
class Ecr(Vendor):
    """Amazon ECR: signed requests, cursors, every refusal a 400 with a code.

    A row is an image with its tags. With `aliases` it is ECR Public, whose rows are tags.
    """

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    keys: AwsKeys = KEYS
    registry: FakeRegistry = field(default_factory=FakeRegistry)

    @property
    def service(self) -> str:
        return "us-east-1/ecr-public" if self.aliases else "eu-west-1/ecr"

    def proper(self, call: Call) -> Answer:
        if call.path.startswith("/v2/"):
            return self._registry(call)
        if refusal := self._refusal(call):
            return refusal
        version = (
            "SpencerFrontendService" if self.aliases else "AmazonEC2ContainerRegistry_V20150921"
        )
        service, _, action = call.headers["x-amz-target"].partition(".")
        if service != version or call.headers["content-type"] != "application/x-amz-json-1.1":
            return aws_problem("UnknownOperationException")
        return self._act(action, json.loads(call.body))

    def _registry(self, call: Call) -> Answer:
        """The registry, which wants the login that the API gives."""
        login = "Basic " + b64encode(b"AWS:docker-password").decode()
        if call.authorization == login:
            return self.registry(call)
        return problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="ecr"')

    def _refusal(self, call: Call) -> Answer | None:
        match = _SIGNED.fullmatch(call.authorization)
        if match is None:
            return aws_problem(
                "MissingAuthenticationTokenException", "Missing Authentication Token"
            )
        if match["id"] != self.keys.id or call.headers.get("x-amz-security-token", "") != (
            self.keys.token
        ):
            message = "The security token included in the request is invalid."
            return aws_problem("UnrecognizedClientException", message)
        right = signature(call, match["scope"], match["names"], self.keys.secret)
        covered = {"host", *(name for name in call.headers if name.startswith("x-amz-"))}
        scope = f"{call.headers['x-amz-date'][:8]}/{self.service}/aws4_request"
        if (
            right != match["signature"]
            or match["scope"] != scope
            or not covered <= {*match["names"].split(";")}
        ):
            said = f"The Canonical String should have been '{canonical(call, match['names'])}'"
            return aws_problem("InvalidSignatureException", said)
        return None

    def _act(self, action: str, asked: dict[str, Any]) -> Answer:
        aliases = [{"name": alias, "status": "ACTIVE"} for alias in self.aliases]
        if action == "DescribeRegistries" and aliases:
            return self._page(asked, "registries", [{"aliases": aliases}])
        if action == "DescribeRepositories":
            names = [{"repositoryName": name} for name in self.repositories]
            return self._page(asked, "repositories", names)
        if action == "GetAuthorizationToken":
            token = b64encode(b"AWS:docker-password").decode()
            return as_json({"authorizationData": [{"authorizationToken": token}]})
        name = asked["repositoryName"]
        if name not in self.repositories or asked.get("registryId", ACCOUNT) != ACCOUNT:
            said = f"The repository with name '{name}' does not exist in the registry"
            return aws_problem("RepositoryNotFoundException", said)
        return self._images(action, asked, [_ecr_image(*row) for row in self.repositories[name]])

    def _images(self, action: str, asked: dict[str, Any], images: list[dict[str, Any]]) -> Answer:
        if action == "DescribeImages":
            tagged = asked.get("filter") == {"tagStatus": "TAGGED"}
            rows = [image for image in images if "imageTags" in image or not tagged]
            return self._page(asked, "imageDetails", rows)
        if action == "DescribeImageTags" and self.aliases:
            rows = [
                {"imageTag": tag, "createdAt": image["imagePushedAt"], "imageDetail": image}
                for image in images
                for tag in image.get("imageTags", ())
            ]
            return self._page(asked, "imageTagDetails", rows)
        return aws_problem("UnknownOperationException")

    def _page(self, asked: dict[str, Any], key: str, rows: list[dict[str, Any]]) -> Answer:
        size = asked.get("maxResults", 100)
        if size > 1000:
            return aws_problem("InvalidParameterException", "maxResults: at most 1000")
        start = int(b64decode(asked["nextToken"])) if "nextToken" in asked else 0
        page: dict[str, Any] = {key: rows[start : start + size]}
        if start + size < len(rows):
            page["nextToken"] = b64encode(str(start + size).encode()).decode()
        return as_json(page)


def _ecr_image(tags: str, digest: str, time: Any) -> dict[str, Any]:
    image = {"registryId": ACCOUNT, "imageDigest": digest, "imageSizeInBytes": 9}
    named = {"imageTags": tags.split()} if tags else {}
    return image | named | {"imagePushedAt": time.timestamp()}


@dataclass
class Acr(Vendor):
    """ACR: a token for each scope, tags after a last one, relative links.

    `logins` are user:password; `entra` is the token that may be exchanged.
    """

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    logins: list[str] = field(default_factory=lambda: ["alice:hunter2"])
    entra: str = "entra-token-of-the-test"
    refresh: str = "refresh-token-of-the-test"

    def proper(self, call: Call) -> Answer:
        if call.path == "/oauth2/exchange":
            return self._exchange(call)
        if call.path == "/oauth2/token":
            return self._token(call)
        name = call.path.removeprefix("/acr/v1/").removesuffix("/_tags")
        catalog = call.path == "/v2/_catalog"
        scope = "registry:catalog:*" if catalog else f"repository:{name}:metadata_read"
        if call.authorization != f"Bearer {quote(scope)}":
            realm = f"http://{call.headers['host']}/oauth2/token"
            said = f'Bearer realm="{realm}",service="acme.azurecr.io",scope="{scope}"'
            return problem(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=said)
        if catalog:
            names = sorted(self.repositories)
            return self._page(call, "repositories", [(name, name) for name in names])
        if name not in self.repositories:
            return problem(404, "NAME_UNKNOWN", "repository is not found")
        rows = sorted((entry[0], _acr_tag(*entry)) for entry in self.repositories[name])
        return self._page(call, "tags", rows)

    def _exchange(self, call: Call) -> Answer:
        form = parse_qs(call.body.decode())
        if form.get("grant_type") != ["access_token"] or form["access_token"] != [self.entra]:
            return problem(401, "UNAUTHORIZED", f"no such token: {call.body.decode()}")
        return as_json({"refresh_token": self.refresh})

    def _token(self, call: Call) -> Answer:
        form = parse_qs(call.body.decode()) if call.method == "POST" else call.query
        login = b64decode(call.authorization.removeprefix("Basic ")).decode()
        if login not in self.logins and form.get("refresh_token") != [self.refresh]:
            return problem(401, "UNAUTHORIZED", "authentication required")
        return as_json({"access_token": quote(form["scope"][0])})

    def _page(self, call: Call, key: str, rows: list[tuple[str, Any]]) -> Answer:
        size, last = int(call.query.get("n", ["100"])[0]), call.query.get("last", [""])[0]
        left = [row for row in rows if row[0] > last]
        headers: dict[str, Any] = {}
        if len(left) > size:
            path = f"{call.path}?last={left[size - 1][0]}&n={size}&orderby="
            headers["Link"] = f'<{path}>; rel="next"'
        return as_json({key: [row for _, row in left[:size]]}, **headers)


def _acr_tag(tag: str, digest: str, time: Any) -> dict[str, Any]:
    return {
        "name": tag,
        "digest": digest,
        "createdTime": "2026-01-01T00:00:00.1234567Z",
        "lastUpdateTime": f"{time:%Y-%m-%dT%H:%M:%S}.0000000Z",
        "signed": False,
        "changeableAttributes": {"deleteEnabled": True},
    }


@dataclass
class Gitlab(Vendor):
    """GitLab: projects and groups that list their repositories, and a registry beside them."""

    projects: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    token: str = "glpat-of-the-test"
    registry: FakeRegistry = field(default_factory=FakeRegistry)

    def proper(self, call: Call) -> Answer:
        if call.path.startswith("/v2/"):
            return self._registry(call)
        if self.token and call.authorization != f"Bearer {self.token}":
            return as_json({"message": "401 Unauthorized"}, 401)
        match = re.fullmatch(
            r"/api/v4/(projects|groups)/([^/]+)/registry/repositories",
            call.target.partition("?")[0],
        )
        found: dict[str, list[str]] = getattr(self, match[1]) if match else {}
        name = unquote(match[2]) if match else ""
        if name not in found:
            return as_json({"message": "404 Not Found"}, 404)
        number, size = page_of(call, "per_page")
        rows = [
            {"id": at, "name": path.rpartition("/")[2], "path": path, "project_id": 9}
            for at, path in enumerate(found[name])
        ]
        headers: dict[str, Any] = {"X_Total": str(len(rows))}
        if number * size < len(rows):
            url = f"http://{call.headers['host']}{call.target.partition('?')[0]}?per_page={size}"
            first = f'<{url}&page=1>; rel="first"'
            headers["Link"] = f'<{url}&page={number + 1}>; rel="next", {first}'
        return as_json(rows[(number - 1) * size : number * size], **headers)

    def _registry(self, call: Call) -> Answer:
        login = "Basic " + b64encode(f"token:{self.token}".encode()).decode()
        if not self.token or call.authorization == login:
            return self.registry(call)
        return problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="gitlab"')


@dataclass
class Zot(Vendor):
    """zot: a registry, and beside it a search of the tags whose time it knows.

    `unsearchable` are tags that the registry has and the search leaves out.
    """

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    login: str = ""
    unsearchable: set[str] = field(default_factory=set)
    registry: FakeRegistry = field(default_factory=FakeRegistry)

    def proper(self, call: Call) -> Answer:
        if self.login and call.authorization != self.login:
            return problem(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="zot"')
        if call.path == "/v2/_zot/ext/search":
            return self._search(call)
        for name, entries in self.repositories.items():
            for tag, digest, _ in entries:
                self.registry.tag(name, tag, digest)
        return self.registry(call)

    def _search(self, call: Call) -> Answer:
        query = call.query["query"][0]
        match = re.fullmatch(
            r'\{ImageList\(repo:"([^"]*)",requestedPage:\{limit:(\d+),offset:(\d+),'
            r"sortBy:ALPHABETIC_ASC\}\)\{Page\{TotalCount\} Results\{Tag Digest LastUpdated\}\}\}",
            query,
        )
        if match is None:
            return as_json({"errors": [{"message": "Cannot query"}], "data": None}, 422)
        size, start = int(match[2]), int(match[3])
        rows = [
            {"Tag": tag, "Digest": digest, "LastUpdated": iso(time)}
            for tag, digest, time in sorted(self.repositories.get(match[1], []))
            if tag not in self.unsearchable
        ]
        found = {"Page": {"TotalCount": len(rows)}, "Results": rows[start : start + size]}
        return as_json({"data": {"ImageList": found}})
