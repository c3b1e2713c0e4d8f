# The program in a container: docker build -t forecast . ; see docs/how-to/container.md.
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY forecast forecast
COPY sample_data sample_data
RUN python -m venv /opt/forecast \
 && /opt/forecast/bin/pip install --no-cache-dir -c constraints.txt '.[holidays,sql,remote,tune]'

FROM python:3.11-slim
COPY --from=build /opt/forecast /opt/forecast
RUN useradd --uid 10001 --no-create-home --home-dir /data forecast \
 && install -d -o forecast -g forecast /data
# What libraries keep for themselves goes where a read-only root lets it: into /tmp.
ENV PATH=/opt/forecast/bin:$PATH \
    HOME=/tmp \
    MPLCONFIGDIR=/tmp/matplotlib \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
HEALTHCHECK --interval=5m --timeout=30s --start-period=1m CMD ["forecast", "status", "--strict", "--json"]
ENTRYPOINT ["forecast"]
CMD ["--help"]
