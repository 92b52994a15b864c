# The worker in a box: `docker build -t codingworker .`, then docs/containers.md.
#
#   docker build .                            the worker from source, and Aider
#   docker build --target slim .              without Aider
#   docker build --build-arg WORKER=prebuilt --build-arg RUST_IMAGE=debian:bookworm-slim .
#                                             with dist/codingworker instead of building it
#
# The classic builder and BuildKit both take it, so nothing here needs more than the first can do.
# The classic one builds every stage up to the one that is asked for: that is why `slim` is before
# Aider, and why the first stage itself knows what WORKER says.

ARG RUST_IMAGE=rust:1.95-bookworm
# Debian 13, as the git and the docker client of Debian 12 are too old; Python 3.11, as Aider knows
# none after 3.12 and its packages are locked for this one.
ARG RUNTIME_IMAGE=python:3.11-slim-trixie

# --- The worker's binary ---------------------------------------------------------------------
FROM ${RUST_IMAGE} AS worker
ARG WORKER=source
WORKDIR /src
# Dependencies first, with a stub in the program's place: they are built anew when Cargo.lock
# changes, not with each change of ours. Cargo wants every target that the manifest names to exist.
COPY Cargo.toml Cargo.lock ./
RUN mkdir -p src benches tests/it dist \
    && touch src/lib.rs benches/dispatch.rs benches/overhead.rs benches/idle.rs tests/it/main.rs \
    && echo 'fn main() {}' > src/main.rs \
    && if [ "$WORKER" = source ]; then cargo build --locked --release; fi
COPY src src
COPY configs/config.yaml configs/config.yaml
COPY infra/github infra/github
# The pattern may match nothing.
COPY Cargo.lock dist/codingworke[r] dist/
RUN case "$WORKER" in \
        source) touch src/lib.rs src/main.rs && cargo build --locked --release \
            && mv target/release/codingworker /codingworker && rm -rf target ;; \
        prebuilt) test -f dist/codingworker \
            || { echo "WORKER=prebuilt, and there is no dist/codingworker" >&2; exit 1; }; \
            cp dist/codingworker /codingworker ;; \
        *) echo "WORKER is $WORKER: expected source or prebuilt" >&2; exit 1 ;; \
    esac \
    && chmod 0755 /codingworker

# --- What every variant has ------------------------------------------------------------------
FROM ${RUNTIME_IMAGE} AS base
# Versions are the base image's business: Debian stable only mends them.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates docker-cli docker-compose git make socat tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/apt \
    # The number is part of the interface: volumes and mounted files are owned by it.
    && groupadd --system --gid 10001 codingworker \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/codingworker \
        --shell /usr/sbin/nologin codingworker \
    && install -d -m 0700 -o 10001 -g 10001 /var/lib/codingworker \
    && install -d -m 0755 /etc/codingworker /run/codingworker /workspace
# No VOLUME: the image also serves as the cage of its own jobs, and each of them would leave one.
ENV CODINGWORKER__WORKER__STATE_DIR=/var/lib/codingworker \
    CODINGWORKER__LOG__FORMAT=json \
    HOME=/var/lib/codingworker \
    LANG=C.UTF-8
WORKDIR /workspace

# --- The worker without an agent: the socket proxy, and tests ----------------------------------
FROM base AS slim
COPY --from=worker /codingworker /usr/local/bin/codingworker
COPY scripts/box scripts/box-health /usr/local/bin/
COPY Cargo.toml Cargo.lock scripts/sbom.py /usr/share/codingworker/
RUN python3 /usr/share/codingworker/sbom.py > /usr/share/codingworker/sbom.cdx.json
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="CodingWorker" \
      org.opencontainers.image.description="Turns a labelled GitHub issue into a tested pull request, on your own machine, with a local model" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11-slim-trixie"
USER 10001:10001
HEALTHCHECK --interval=60s --timeout=15s --start-period=30s --retries=3 CMD ["box-health"]
ENTRYPOINT ["tini", "--", "codingworker"]
CMD ["serve"]

# --- Aider -----------------------------------------------------------------------------------
FROM base AS aider
COPY scripts/aider-requirements.txt /tmp/
# Wheels alone, each with the hash that it had when it was chosen: nothing of it runs here.
RUN python3 -m venv /opt/aider \
    && /opt/aider/bin/pip install --no-cache-dir --no-compile --no-deps --only-binary :all: \
        --require-hashes --requirement /tmp/aider-requirements.txt
# Bytecode is made for what Aider loads, and kept, as the root will be read-only: of everything it
# would be 90 MB.
COPY scripts/trim-aider.py /tmp/
RUN python3 /tmp/trim-aider.py /opt/aider \
    && /opt/aider/bin/python -c 'import aider.main, aider.repomap, litellm, networkx, scipy.sparse' \
    && HOME=/tmp /opt/aider/bin/aider --version

# --- All of it: the last stage is what `docker build .` makes -----------------------------------
FROM slim AS full
USER 0:0
COPY --from=aider /opt/aider /opt/aider
RUN ln -s /opt/aider/bin/aider /usr/local/bin/aider \
    && python3 /usr/share/codingworker/sbom.py /opt/aider > /usr/share/codingworker/sbom.cdx.json
USER 10001:10001
