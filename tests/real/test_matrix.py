"""The documented workflow of many machines, on a real registry that wants a login."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from tests.nightly.forges import TOKEN, GitHubStandIn
from tests.nightly.site import BRANCH, ROOT, Site
from tests.nightly.workflow import Machine, action, workflow
from tests.real.distribution import Distribution
from tests.real.locked import HTPASSWD, PASSWORD, USER
from tests.real.pusher import pusher
from tests.real.shelf import versions

CATALOG = """\
content: content/images
url: /images/
window: off
variants: ["*.0"]
tables:
  - name: public
    source:
      kind: oci
      registry: {registry}
      repository: team/{{image}}
      username: reader
      password: ${{REGISTRY_PASSWORD}}
"""
IMAGES = 24


def test_four_runners_and_a_build_write_the_same_bytes_as_one_machine(
    docker_registry: type[Distribution], disk: Path, tmp_path: Path
) -> None:
    _, matrix, *_ = re.findall(r"```yaml\n(.*?)```\n", (ROOT / "docs/ci.md").read_text(), re.DOTALL)
    (disk / "htpasswd").write_text(f"{HTPASSWD}\n")
    auth = {"htpasswd": {"realm": "the registry", "path": str(disk / "htpasswd")}}
    login = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    context = {"github.token": TOKEN, "secrets.REGISTRY_PASSWORD": PASSWORD}
    with (
        docker_registry(disk, auth) as registry,
        GitHubStandIn(tmp_path / "remote.git") as forge,
    ):
        with pusher(registry.address, f"Basic {login}") as push:
            for number in range(IMAGES):
                versions(push, f"team/image-{number}", 4, 2)
        site = Site(tmp_path, forge)
        site.found(CATALOG.format(registry=registry.address))

        machines = workflow(site, matrix, context)
        assert sorted(machines) == ["begin", "build", *(f"collect-{it}" for it in range(1, 5))]
        written = list(machines["build"].work.glob("content/images/*/tags_history.md"))
        assert len(written) == IMAGES
        assert PASSWORD in machines["collect-1"].seen("collect")
        assert PASSWORD not in machines["build"].seen("build")
        together = site.git(site.remote, "rev-parse", f"{BRANCH}:content")

        (as_of,) = re.findall(r'"as_of": "(.*)"', site.show("content/images/build.json"))
        site.git(site.remote, "branch", "-D", BRANCH)
        forge.pulls.clear()
        alone = {"as-of": as_of, "registry-env": f"REGISTRY_PASSWORD={PASSWORD}"}
        action(Machine(site, "alone"), alone, context)
        assert site.git(site.remote, "rev-parse", f"{BRANCH}:content") == together
