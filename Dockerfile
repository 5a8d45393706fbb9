# The service: `docker build .` makes it, `docker run` serves with the configuration at /etc/tenantry/tenantry.config.ts.
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No package's own scripts: what they would fetch is for tests.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.ts scripts/
COPY shardmap shardmap
COPY sql sql
COPY src src
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
ENV TENANTRY_CONFIG=/etc/tenantry/tenantry.config.ts
ENV PATH=/app/bin:$PATH
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
RUN chmod 755 bin/tenantry.js && ln -s tenantry.js bin/tenantry
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
# Not root; the files above stay root's, so the process can change none of them.
USER node
# The data API, and /livez, /readyz and /metrics: where the configuration says so (by default on 127.0.0.1 alone).
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:9090/livez').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# SIGTERM reaches the program itself: it lets what runs end, for up to limits.drainMs, then exits with 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tenantry"]
CMD ["serve"]
