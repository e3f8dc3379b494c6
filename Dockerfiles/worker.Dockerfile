# Build from the repository's root: docker build --file Dockerfiles/worker.Dockerfile --tag lukseun/worker .
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG PIP_INDEX_URL
RUN python -m venv --without-pip /venv
COPY requirements/worker.txt /requirements.txt
# Tests and sources in C of packages are of no use at run time.
RUN python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes \
      --only-binary :all: --requirement /requirements.txt \
 && find /venv -depth \( -type d -name tests -o -name '*.c' -o -name '*.pyx' -o -name '*.h' \) -exec rm -rf {} +
COPY common /app/common
COPY apps/__init__.py /app/apps/
COPY conf/chat/words /app/conf/chat/words
COPY apps/worker /app/apps/worker
# Compiled here, because nothing can be written at run time.
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${PYTHON_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    OPS_PORT=8100
USER 10001:10001
EXPOSE 8100
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8100/livez', timeout=3)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "apps.worker"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="lukseun/worker" \
      org.opencontainers.image.description="Functions of the game" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm"
