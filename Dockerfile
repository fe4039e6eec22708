# The program alone, in an image that holds nothing else: no shell, no package, no user that could become another.
#
#     docker build --tag clientele --build-arg VERSION=v1.2.3 .
#
# Another image with Go in it can build it, such as a mirror's: --build-arg GO_IMAGE=...
ARG GO_IMAGE=golang:1.26

FROM ${GO_IMAGE} AS build
# Taken over from --build-arg if it is given.
ARG GOPROXY
ENV CGO_ENABLED=0
WORKDIR /src
COPY go.mod go.sum ./
# Exec form, here and below, because it needs no shell in GO_IMAGE either.
RUN ["go", "mod", "download"]
COPY . .
# What `clientele version` prints. An ENV, because the exec form expands no ARG.
ARG VERSION
ENV GOFLAGS="-trimpath -buildvcs=false '-ldflags=-s -w -X=clientele/internal/app.version=${VERSION}'"
RUN ["go", "build", "-o", "/out/clientele", "."]
# To be copied with another owner.
WORKDIR /out/data

FROM scratch
# For MongoDB over TLS.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/clientele /clientele
# A volume that is made for this folder takes over its owner.
COPY --from=build --chown=65532:65532 /out/data /data
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
VOLUME ["/data"]
ENV CLIENTELE_LISTEN=0.0.0.0:8080 CLIENTELE_DATA_DIR=/data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/clientele", "health"]
ENTRYPOINT ["/clientele"]
CMD ["serve"]
