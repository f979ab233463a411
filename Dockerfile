# tagpages with git, for CIs that want an image: docs/ci.md. It has no entry point, so that jobs of
# GitLab and others can run a shell in it, and runs as a user without rights.
FROM python:3.13-slim AS build
WORKDIR /source
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY generator generator
RUN python -m venv /opt/tagpages && \
    /opt/tagpages/bin/pip install --no-cache-dir --constraint constraints.txt hatchling && \
    /opt/tagpages/bin/pip install --no-cache-dir --constraint constraints.txt \
      --no-build-isolation '.[verify]' && \
    /opt/tagpages/bin/pip uninstall --yes hatchling

FROM python:3.13-slim
RUN apt-get update && \
    apt-get install --yes --no-install-recommends ca-certificates git && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --create-home --uid 10001 tagpages
COPY --from=build /opt/tagpages /opt/tagpages
ENV PATH=/opt/tagpages/bin:$PATH
USER 10001
WORKDIR /site
CMD ["tagpages", "--help"]
