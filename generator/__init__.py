"""Hugo pages of container image tags, from registry listings."""
