# syntax=docker/dockerfile:1
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /build
COPY . .
RUN --mount=type=cache,target=/root/.npm bash deploy/assemble.sh /opt/townpulse

FROM node:24.21.0-bookworm-slim
COPY --from=build /opt/townpulse /opt/townpulse
# /data is the only place that is written to; a new volume takes its owner from here.
RUN ln -s /opt/townpulse/dist/src/cli/main.js /usr/local/bin/townpulse \
  && install -d -o node -g node -m 0750 /data
# Readings wait for a moment in memory: with little room for what is young they are copied again and again.
ENV NODE_ENV=production \
    NODE_OPTIONS=--max-semi-space-size=64 \
    TOWNPULSE_DATA_DIR=/data \
    TOWNPULSE_HOST=0.0.0.0
WORKDIR /opt/townpulse
USER node
VOLUME /data
EXPOSE 8080 1883
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TOWNPULSE_HTTP_PORT || 8080}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["townpulse"]
CMD ["start"]
