"""Servers that page, authenticate and refuse as the vendors' do."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

from tests.registry.server import Answer, Call, as_json, problem
from tests.sources.asking import Vendor

Entry = tuple[str, str, datetime]
"""Tag, digest and time."""


def page_of(call: Call, key: str) -> tuple[int, int]:
    """The number and the size of the page that is asked for; nobody allows more than 100."""
    number, size = int(call.query.get("page", ["1"])[0]), int(call.query.get(key, ["10"])[0])
    return number, min(size, 100)


def iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass
class Hub(Vendor):
    """Docker Hub: with `next` in the body, and an end for whom it does not know.

    `registry` holds the digests that only the registry knows, `changed` says when repositories did.
    """

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    registry: dict[str, str] = field(default_factory=dict)
    users: dict[str, str] = field(default_factory=lambda: {"alice": "hunter2"})
    tokens: list[str] = field(default_factory=list)

    def proper(self, call: Call) -> Answer:
        if call.path == "/v2/auth/token":
            return self._token(call)
        if "/manifests/" in call.path:
            found = self.registry.get(call.path.rpartition("/")[2], "")
            return Answer(200, b"", (("Docker-Content-Digest", found),))
        if call.authorization and call.authorization.removeprefix("Bearer ") not in self.tokens:
            return as_json({"message": "unauthorized", "errinfo": {}}, 401)
        number, size = page_of(call, "page_size")
        if not call.authorization and (number - 1) * size >= 1000:
            message = "pagination offset too large for anonymous requests; sign in to page further"
            return as_json({"message": message, "errinfo": {}}, 403)
        parts = call.path.split("/")
        if call.path.endswith("/repositories"):
            rows: list[object] = [
                {
                    "name": name.partition("/")[2],
                    "namespace": parts[3],
                    "last_updated": iso(self.changed[name]) if name in self.changed else None,
                }
                for name in self.repositories
                if name.startswith(f"{parts[3]}/")
            ]
        else:
            entries = self.repositories.get(f"{parts[3]}/{parts[5]}")
            if entries is None:
                return as_json({"message": "object not found", "errinfo": {}}, 404)
            rows = [_hub_tag(*entry) for entry in entries]
        following = None
        if number * size < len(rows):
            host = call.headers["host"]
            order = f"&ordering={call.query['ordering'][0]}" if "ordering" in call.query else ""
            following = f"http://{host}{call.path}?page_size={size}&page={number + 1}{order}"
        results = rows[(number - 1) * size : number * size]
        body = {"count": len(rows), "next": following, "previous": None, "results": results}
        return as_json(body, X_RateLimit_Remaining="179")

    def _token(self, call: Call) -> Answer:
        login = json.loads(call.body)
        if self.users.get(login["identifier"]) != login["secret"]:
            return as_json({"message": f"wrong: {login['secret']}"}, 401)
        self.tokens.append(f"token-{len(self.tokens)}")
        return as_json({"access_token": self.tokens[-1]})


def _hub_tag(tag: str, digest: str, time: datetime) -> dict[str, object]:
    return {
        "id": 1,
        "name": tag,
        "digest": digest or None,
        "last_updated": iso(time),
        "tag_last_pushed": iso(time) if digest else None,
        "tag_last_pulled": None,
        "media_type": "application/vnd.oci.image.index.v1+json",
        "images": [{"architecture": "amd64", "os": "linux", "digest": None, "size": 9}],
    }


@dataclass
class Quay(Vendor):
    """Quay: `has_additional`, newest first; dead revisions unless they are declined.

    `changed` says when repositories did, to whom it asks for that.
    """

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    changed: dict[str, datetime] = field(default_factory=dict)
    dead: list[Entry] = field(default_factory=list)
    private: str = ""
    knows_active_only: bool = True

    def proper(self, call: Call) -> Answer:
        if self.private and call.authorization != f"Bearer {self.private}":
            return as_json({"error_type": "insufficient_scope", "status": 401}, 401)
        if call.path == "/api/v1/repository":
            return self._repositories(call)
        name = call.path.removeprefix("/api/v1/repository/").removesuffix("/tag/")
        if name not in self.repositories:
            return as_json({"detail": "Not Found", "error_type": "not_found", "status": 404}, 404)
        rows = [_quay_tag(*entry) for entry in self.repositories[name]]
        if not (self.knows_active_only and call.query.get("onlyActiveTags") == ["true"]):
            rows += [_quay_tag(*entry, ended=True) for entry in self.dead]
        number, size = page_of(call, "limit")
        more = number * size < len(rows)
        tags = rows[(number - 1) * size : number * size]
        return as_json({"tags": tags, "page": number, "has_additional": more})

    def _repositories(self, call: Call) -> Answer:
        namespace = call.query["namespace"][0]
        if call.query.get("public") != ["true"]:
            return as_json({"repositories": []})
        names = [name.partition("/")[2] for name in self.repositories if name.startswith(namespace)]
        start = int(call.query.get("next_page", ["0"])[0])
        rows: list[dict[str, object]] = [
            {"namespace": namespace, "name": name, "is_public": True} for name in names
        ]
        if call.query.get("last_modified") == ["true"]:
            for row in rows:
                time = self.changed.get(f"{namespace}/{row['name']}")
                row["last_modified"] = int(time.timestamp()) if time else None
        page: dict[str, object] = {"repositories": rows[start : start + 100]}
        if start + 100 < len(rows):
            page["next_page"] = str(start + 100)
        return as_json(page)


def _quay_tag(tag: str, digest: str, time: datetime, *, ended: bool = False) -> dict[str, object]:
    row: dict[str, object] = {
        "name": tag,
        "manifest_digest": digest,
        "start_ts": int(time.timestamp()),
        "last_modified": time.strftime("%a, %d %b %Y %H:%M:%S -0000"),
        "is_manifest_list": True,
        "size": None,
        "reversion": False,
    }
    return row | ({"end_ts": int(time.timestamp()) + 60} if ended else {})


@dataclass
class Github(Vendor):
    """GitHub's packages: versions by `Link`, many without a tag; `base` is an enterprise's path."""

    packages: dict[str, list[tuple[str, str, datetime]]] = field(default_factory=dict)
    kind: str = "Organization"
    token: str = "ghp_classic"
    base: str = ""

    def proper(self, call: Call) -> Answer:
        if call.authorization != f"Bearer {self.token}":
            return as_json({"message": "Requires authentication", "status": "401"}, 401)
        path = call.path.removeprefix(self.base)
        if path == "/users/acme":
            return as_json({"login": "acme", "type": self.kind})
        account = "/orgs/acme" if self.kind == "Organization" else "/users/acme"
        if path == f"{account}/packages" and call.query["package_type"] == ["container"]:
            return self._page(call, [{"id": 1, "name": name} for name in self.packages])
        name = unquote(path.removeprefix(f"{account}/packages/container/").partition("/")[0])
        if path.endswith("/versions") and name in self.packages:
            return self._page(call, [_version(*entry) for entry in self.packages[name]])
        return as_json({"message": "Package not found.", "status": "404"}, 404)

    def _page(self, call: Call, rows: list[dict[str, object]]) -> Answer:
        number, size = page_of(call, "per_page")
        headers: dict[str, Any] = {}
        if number * size < len(rows):
            query = f"per_page={size}&page={number + 1}&state=active&package_type=container"
            url = f"http://{call.headers['host']}{call.path}?{query}"
            headers["Link"] = f'<{url}>; rel="next", <{url}>; rel="last"'
        return as_json(rows[(number - 1) * size : number * size], **headers)


def _version(tags: str, digest: str, time: datetime) -> dict[str, object]:
    container = {"tags": tags.split()}
    return {
        "id": 7,
        "name": digest,
        "created_at": iso(time),
        "updated_at": "2026-08-01T00:00:00Z",
        "metadata": {"package_type": "container", "container": container},
    }


@dataclass
class Google(Vendor):
    """Google: all in one answer, silently cut unless `n` is large; numbers are strings."""

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    most: int = 10_000

    def proper(self, call: Call) -> Answer:
        name = call.path.removeprefix("/v2/").removesuffix("/tags/list")
        below = sorted(
            {
                full.removeprefix(f"{name}/").partition("/")[0]
                for full in self.repositories
                if full.startswith(f"{name}/")
            }
        )
        if name not in self.repositories and not below:
            return problem(404, "NAME_UNKNOWN", f'Repository "{name}" not found')
        size = min(int(call.query.get("n", ["1000"])[0]), self.most)
        entries = self.repositories.get(name, [])[:size]
        manifests: dict[str, dict[str, Any]] = {}
        for tag, digest, time in entries:
            uploaded = str(int(time.timestamp() * 1000))
            row = {"timeCreatedMs": "0", "timeUploadedMs": uploaded, "tag": []}
            manifests.setdefault(digest, row)["tag"].append(tag)
        tags = [tag for tag, _, _ in entries]
        return as_json({"name": name, "tags": tags, "child": below, "manifest": manifests})


@dataclass
class Harbor(Vendor):
    """Harbor: slashes quoted twice, links unquoted and backwards first, a count of everything.

    `count` is added to what it counts; `types` are of artifacts that are no images, by digest.
    """

    repositories: dict[str, list[tuple[str, str, datetime]]] = field(default_factory=dict)
    login: str = ""
    count: int = 0
    types: dict[str, str] = field(default_factory=dict)

    def proper(self, call: Call) -> Answer:
        if self.login and call.authorization != self.login:
            return problem(401, "UNAUTHORIZED", "unauthorized")
        project, _, rest = call.path.removeprefix("/api/v2.0/projects/").partition("/repositories")
        if not rest:
            rows: list[dict[str, object]] = [
                {"name": name, "artifact_count": 1}
                for name in self.repositories
                if name.startswith(f"{project}/")
            ]
            return self._page(call, rows)
        name = f"{project}/{unquote(unquote(rest.removesuffix('/artifacts').lstrip('/')))}"
        if name not in self.repositories or rest.count("/") != 2:
            return problem(404, "NOT_FOUND", f"repository {name} not found")
        rows = [self._artifact(*entry) for entry in self.repositories[name]]
        if call.query.get("q") == ["tags=*"]:
            rows = [row for row in rows if row["tags"]]
        return self._page(call, rows)

    def _artifact(self, tags: str, digest: str, time: datetime) -> dict[str, object]:
        named = [{"name": tag, "push_time": iso(time), "immutable": False} for tag in tags.split()]
        kind, uploaded = self.types.get(digest, "IMAGE"), "2026-01-01T00:00:00.000Z"
        return {"digest": digest, "type": kind, "push_time": uploaded, "tags": named or None}

    def _page(self, call: Call, rows: list[dict[str, object]]) -> Answer:
        number, size = page_of(call, "page_size")
        path = unquote(call.path)  # Harbor's links have lost a layer of quoting
        links = []
        if number > 1:
            links.append(f'<{path}?page={number - 1}&page_size={size}&q=tags=*>; rel="prev"')
        if number * size < len(rows):
            links.append(f'<{path}?page={number + 1}&page_size={size}&q=tags=*>; rel="next"')
        headers: dict[str, Any] = {"X_Total_Count": str(len(rows) + self.count)}
        if links:
            headers["Link"] = " , ".join(links)
        return as_json(rows[(number - 1) * size : number * size], **headers)


GROUP = "d9e2f1a0" * 5


@dataclass
class Console(Vendor):
    """Chainguard's console API: cursors, UIDs that are paths, and nothing that is empty."""

    repositories: dict[str, list[Entry]] = field(default_factory=dict)
    token: str = "console-token"
    total: int = 0

    def proper(self, call: Call) -> Answer:
        if call.authorization != f"Bearer {self.token}":
            return as_json({"code": 16, "message": "unauthenticated", "details": []}, 401)
        uids = {name: f"{GROUP}/{number:016x}" for number, name in enumerate(self.repositories)}
        if call.path == "/registry/v2/repos" and call.query["uidp.descendants_of"] == [GROUP]:
            repos: list[dict[str, object]] = [
                {"uid": uid, "name": name} for name, uid in uids.items()
            ]
            return self._page(call, "repos", repos)
        if call.path == "/registry/v2/tags":
            return self._page(call, "tags", [*self._tags(call, uids)])
        return as_json({"code": 5, "message": "Not Found", "details": []}, 404)

    def _tags(self, call: Call, uids: dict[str, str]) -> list[dict[str, object]]:
        since = call.query.get("updated_since", [""])[0]
        only = call.query.get("uidp.children_of")
        return [
            {
                "uid": f"{uids[name]}/{number:016x}",
                "name": tag,
                "digest": digest,
                "updateTime": iso(time),
            }
            for name, entries in self.repositories.items()
            for number, (tag, digest, time) in enumerate(entries)
            if only in (None, [uids[name]])
            and time.isoformat() >= since
            and (not tag.partition("-r")[2] or "include_epochs" in call.query)
        ]

    def _page(self, call: Call, key: str, rows: list[dict[str, object]]) -> Answer:
        size = min(int(call.query.get("page_size", ["50"])[0]), 200)
        start = int(call.query.get("page_token", ["@0"])[0].removeprefix("@"))
        page: dict[str, object] = {"totalCount": str(len(rows) + self.total)}
        if rows[start : start + size]:
            page[key] = rows[start : start + size]
        if start + size < len(rows):
            page["nextPageToken"] = f"@{start + size}"
        return as_json(page)


@dataclass
class History(Vendor):
    """cgr.dev: a token for each image, and each tag's moves, oldest first, 1,000 at most."""

    tags: dict[str, list[tuple[str, datetime]]] = field(default_factory=dict)
    inclusive: bool = True

    def proper(self, call: Call) -> Answer:
        if call.path == "/token":
            return as_json({"token": quote(call.query["scope"][0]), "expires_in": 600})
        if call.authorization != f"Bearer {quote('repository:chainguard/app:pull')}":
            realm = f'Bearer realm="http://{call.headers["host"]}/token",service="cgr.dev"'
            scope = f'{realm},scope="repository:chainguard/app:pull"'
            return problem(401, "UNAUTHORIZED", WWW_Authenticate=scope)
        if call.path == "/v2/chainguard/app/tags/list":
            return as_json({"name": "chainguard/app", "tags": sorted(self.tags)})
        if "/_chainguard/history/" not in call.path:
            return problem(404, "NAME_UNKNOWN")
        start = datetime.fromisoformat(call.query.get("start", ["0001-01-01T00:00:00+00:00"])[0])
        moves = [
            {"updateTimestamp": iso(time), "digest": digest}
            for digest, time in self.tags[call.path.rpartition("/")[2]]
            if time > start or (self.inclusive and time == start)
        ]
        return as_json({"history": moves[:1000]})
