# What every build starts from: the image that sixty's steps start from, the
# crates that the lockfiles pin, and cargo-chef.
FROM image
COPY --from=crates / /vendor/
COPY --from=cargo / /cargo/
ENV CARGO_HOME=/cargo CARGO_NET_OFFLINE=true CARGO_TERM_COLOR=never
