# Build from the repository's root: docker build --file Dockerfiles/migrate.Dockerfile --tag lukseun/migrate .
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
ARG PIP_INDEX_URL
RUN python -m venv --without-pip /venv
COPY requirements/migrate.txt /requirements.txt
# Tests and sources in C of packages are of no use at run time.
RUN python -m pip --python /venv/bin/python install --no-cache-dir --disable-pip-version-check --require-hashes \
      --only-binary :all: --requirement /requirements.txt \
 && find /venv -depth \( -type d -name tests -o -name '*.c' -o -name '*.pyx' -o -name '*.h' \) -exec rm -rf {} +
COPY common /app/common
COPY apps/__init__.py /app/apps/
COPY conf/migrations /app/conf/migrations
COPY apps/migrate /app/apps/migrate
# Compiled here, because nothing can be written at run time.
RUN python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${PYTHON_IMAGE}
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
HEALTHCHECK NONE
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "apps.migrate"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="lukseun/migrate" \
      org.opencontainers.image.description="Brings the database up to date, then ends" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/python:3.11.14-slim-bookworm"
