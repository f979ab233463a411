"""Which kind of source a registry is asked as."""

from __future__ import annotations

KINDS = (
    "oci",
    "acr",
    "dockerhub",
    "ecr",
    "ghcr",
    "gitlab",
    "google",
    "harbor",
    "quay",
    "zot",
)
"""The kinds that can list the images of a registry, so that a host and a path are enough."""
OF_THEIR_HOSTS = frozenset({"dockerhub", "ecr", "ghcr", "gitlab"})
"""Those of them whose host says it; with others the catalog would have to say more."""

_HOSTS = {
    "docker.io": "dockerhub",
    "index.docker.io": "dockerhub",
    "registry-1.docker.io": "dockerhub",
    "gcr.io": "google",
    "ghcr.io": "ghcr",
    "public.ecr.aws": "ecr",
    "quay.io": "quay",
    "registry.gitlab.com": "gitlab",
}
_DOMAINS = {
    ".amazonaws.com": "ecr",
    ".amazonaws.com.cn": "ecr",
    ".azurecr.io": "acr",
    ".gcr.io": "google",
    ".pkg.dev": "google",
}


def kind_of(registry: str) -> str:
    """The kind that fits a registry by its host; `oci` speaks to all others."""
    host = registry.rpartition("://")[2].partition(":")[0].lower()
    if host in _HOSTS:
        return _HOSTS[host]
    return next((kind for domain, kind in _DOMAINS.items() if host.endswith(domain)), "oci")
