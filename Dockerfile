# Built and run by version; a release pins the digest that it was tested with.
ARG PYTHON=3.12.11-slim-bookworm

FROM python:${PYTHON} AS build
RUN python -m pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /src
ENV UV_PROJECT_ENVIRONMENT=/opt/forescale \
    UV_PYTHON_DOWNLOADS=never \
    UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy
# What changes seldom comes first: a change of ours installs nothing of others anew.
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --frozen --no-dev --no-install-project
COPY scaler scaler
COPY forecasting forecasting
RUN uv sync --frozen --no-dev --no-editable

FROM python:${PYTHON}
COPY --from=build /opt/forescale /opt/forescale
ENV PATH=/opt/forescale/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
EXPOSE 9090 8080 6443
HEALTHCHECK --interval=10s --timeout=4s --start-period=10s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8080/livez', timeout=3)"]
ENTRYPOINT ["forescale"]
CMD ["serve"]
