# What the checks need and the plain image does not have. Nothing is copied: the checkout is
# mounted. It is built from the default branch, and again only when this file changes there.
FROM rust:1.90
RUN rustup component add clippy rustfmt
