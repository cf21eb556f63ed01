# syntax=docker/dockerfile:1
# The server of this repository as an image, CPU only: pnpm-workspace.yaml leaves the 600 MB of GPU libraries out.
#   docker build -t puna .
#   docker run -d --name puna -p 127.0.0.1:11434:11434 -v puna:/data puna
#   docker exec -it puna puna run llama3.2
FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
# For the engine's own kernels.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends gcc=4:12.* libc6-dev=2.36* \
  && rm -rf /var/lib/apt/lists/*
RUN npm install --global pnpm@12.21.0
# What decides the dependencies comes first, so that a change of code does not install them again.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN pnpm fetch
COPY . .
RUN pnpm install --offline --frozen-lockfile \
  && pnpm exec turbo run build --filter=puna \
  && pnpm --filter=puna deploy --prod --legacy /app

FROM node:24.21.0-bookworm-slim
# llama.cpp computes with several threads, through OpenMP.
RUN apt-get update \
  && apt-get install --yes --no-install-recommends libgomp1=12.* ca-certificates=2023* \
  && rm -rf /var/lib/apt/lists/* \
  && ln -s /app/bin/puna.js /usr/local/bin/puna \
  && install --directory --owner=1000 --group=1000 /data
COPY --from=build /app /app
# Models, key pair, API keys and logs: one volume holds all that should outlive the container.
ENV PUNA_HOME=/data \
  OLLAMA_HOST=0.0.0.0:11434 \
  PUNA_ALLOW_UNAUTHENTICATED=1
# From outside only published ports can be reached, and other containers of its networks reach it as well: publish to
# 127.0.0.1 and give it a network of its own, or make keys with 'puna keys add'.
EXPOSE 11434
VOLUME /data
USER 1000:1000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "require(process.env.PUNA_TLS_CERT ? 'node:https' : 'node:http').get({ host: '127.0.0.1', port: 11434, rejectUnauthorized: false }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["puna"]
CMD ["serve"]
