"""Where the site's repository lives: git, the forge's pull requests, and the CI that runs us.

One module for each forge, behind the protocol of `base`. `api` has this room's own right to httpx:
a forge is asked a handful of times in a night, in order, and knows nothing of registries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from generator.forge.base import Forge
from generator.forge.gitea import Gitea
from generator.forge.github import GitHub
from generator.forge.gitlab import GitLab

FORGES: Mapping[str, Callable[[Mapping[str, str], str], Forge]] = {
    "github": GitHub,
    "gitlab": GitLab,
    "gitea": Gitea,
}
"""The kinds of forge, each made from the environment and the address of the remote `origin`."""
