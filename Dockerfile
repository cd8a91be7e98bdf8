# syntax=docker/dockerfile:1

# The pages are embedded from web/dist, which is committed: no Node is needed.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /out/ ./cmd/vinculo ./deploy/ready && mkdir /out/captures

# Certificates and time zones, and no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/vinculo /out/ready /
# A volume that is mounted here is given this owner.
COPY --from=build --chown=nonroot:nonroot /out/captures /captures
EXPOSE 8080
# It asks where VINCULO_LISTEN says; give the address there and not by --listen.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["/ready"]
ENTRYPOINT ["/vinculo"]
# The server listens on loopback until access is configured. To see the
# demonstration: docker run --rm --network host vinculo
# A store that is named, by --store or VINCULO_STORE, goes first.
ENV VINCULO_DEMO=true
CMD ["serve"]
