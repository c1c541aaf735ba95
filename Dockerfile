# One image for every role; what a process does is in its command.

FROM python:3.13-slim

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/var/cache/dispatch

# The locked releases, without the hashes: the project itself, installed beside them, has none.
WORKDIR /usr/src/dispatch
COPY requirements.lock ./
RUN sed -e '/^ *--hash/d' -e 's/ *\\$//' requirements.lock > constraints.txt
COPY pyproject.toml README.md LICENSE ./
COPY dispatch dispatch
COPY simulations simulations
COPY data/synthetic data/synthetic
RUN pip install --constraint constraints.txt ".[traces]"

RUN useradd --system --uid 10001 dispatch && mkdir -p /var/cache/dispatch && chown dispatch /var/cache/dispatch
USER dispatch
WORKDIR /var/cache/dispatch
# Compiled once here and not at every start; on a processor of another kind, the first start compiles anew.
RUN python -c "from dispatch.service.warm import warm_up_all; warm_up_all(['default'])"

EXPOSE 8080
CMD ["dispatch", "serve", "--help"]
