# The image of the Myoflag service: rules inside, no compiler, not root.
#
#   docker build --tag myoflag .
#   docker run --rm --read-only --publish 127.0.0.1:8080:8080 \
#     --volume ./keys:/keys:ro --env MYOFLAG_API_KEYS_FILE=/keys/myoflag \
#     --env MYOFLAG_SITE_KEY=... myoflag
#
# The base is pinned by its version; whoever builds for production pins the digest that
# their own registry tells for it as well (python:3.12.12-slim-bookworm@sha256:...).

# Compiles the rules engine and installs everything, from the locks alone, into /opt/myoflag.
FROM python:3.12.12-slim-bookworm AS build

RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc=4:12.2.* libc6-dev=2.36-* \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /source
COPY requirements requirements
RUN python -m venv /build \
    && /build/bin/python -m pip install --no-cache-dir --require-hashes \
        --requirement requirements/build.txt \
    && /build/bin/python -m pip wheel --no-cache-dir --require-hashes --no-build-isolation \
        --wheel-dir /wheels --requirement requirements/runtime.txt

COPY . .
RUN /build/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation \
        --wheel-dir /wheels . \
    && python -m venv --without-pip /opt/myoflag \
    && /build/bin/python -m pip --python /opt/myoflag/bin/python install --no-cache-dir \
        --no-index --find-links /wheels myoflag \
    && /opt/myoflag/bin/myoflag rules compile

# What runs: that environment on a bare Python.
FROM python:3.12.12-slim-bookworm

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin myoflag
COPY --from=build /opt/myoflag /opt/myoflag

# Nothing is written at run time, so that the file system may be read-only.
ENV PATH=/opt/myoflag/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MYOFLAG_HOST=0.0.0.0 \
    MYOFLAG_PORT=8080

USER 10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, httpx; httpx.get('http://127.0.0.1:' + os.environ['MYOFLAG_PORT'] + '/healthz', trust_env=False).raise_for_status()"]

# It starts only with MYOFLAG_API_KEYS_FILE, or with --without-authentication where something
# in front of it decides who may ask.
ENTRYPOINT ["myoflag", "serve"]
