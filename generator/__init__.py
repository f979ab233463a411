"""Hugo pages of container image tags, from registry listings."""

__version__ = "0.1.0"
"""As in pyproject.toml: to ask `importlib.metadata` takes as long as a good part of an answer."""
