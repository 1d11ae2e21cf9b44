# One image for every process: docker build -t bothways . ; which process runs is the command.
FROM node:24-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY schema/schema.graphql /src/schema/schema.graphql
COPY web ./
RUN npm run build

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/runtime.txt requirements/runtime.txt
RUN python -m venv /opt/bothways \
    && /opt/bothways/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements/runtime.txt \
    && /opt/bothways/bin/pip uninstall -y pip \
    && /opt/bothways/bin/python -m compileall -q /opt/bothways/lib
COPY app app
COPY database database
COPY inbound inbound
COPY jobs jobs
COPY providers providers
COPY resolvers resolvers
COPY rules rules
COPY schema schema
RUN /opt/bothways/bin/python -m compileall -q .

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Bothways" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 bothways \
    && useradd --uid 10001 --gid bothways --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bothways \
    && install -d -o bothways -g bothways -m 0700 /var/lib/bothways /var/lib/bothways/blobs
COPY --from=build /opt/bothways /opt/bothways
COPY --from=build /src /srv/bothways
COPY --from=web /src/web/dist /srv/bothways/web/dist
WORKDIR /srv/bothways
ENV PATH=/opt/bothways/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HTTP_HOST=0.0.0.0 \
    WORKER_HOST=0.0.0.0 \
    SMTP_HOST=0.0.0.0
USER 10001:10001
VOLUME /var/lib/bothways
EXPOSE 8000 8010 2525
STOPSIGNAL SIGTERM
# Asks whichever process runs here; /ready answers 200 while it can work.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-m", "app", "healthy"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["api"]
