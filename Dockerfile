# Two images: `croupier` runs the door and the workers, `signer` holds wallet keys and therefore almost nothing else.
# Pin the base image by digest once you have pulled and checked it.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS croupier-packages
COPY locks/runtime.txt /locks/runtime.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /locks/runtime.txt

FROM ${PYTHON_IMAGE} AS signer-packages
COPY locks/signer.txt /locks/signer.txt
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --requirement /locks/signer.txt

FROM ${PYTHON_IMAGE} AS signer
RUN useradd --system --uid 10002 --no-create-home --shell /usr/sbin/nologin signer \
 && install --directory --owner=signer --mode=0700 /var/lib/croupier/keystore
COPY --from=signer-packages /opt/venv /opt/venv
WORKDIR /opt/croupier
COPY domain domain
COPY chains/__init__.py chains/__init__.py
COPY chains/codecs chains/codecs
COPY signer signer
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN python -m compileall -q .
USER signer
CMD ["python", "-m", "signer"]

FROM ${PYTHON_IMAGE} AS croupier
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin croupier
COPY --from=croupier-packages /opt/venv /opt/venv
WORKDIR /opt/croupier
COPY domain domain
COPY providers providers
COPY chains chains
COPY ledger ledger
COPY activities activities
COPY workflows workflows
COPY bootstrap bootstrap
COPY workers workers
COPY api api
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1
RUN python -m compileall -q .
USER croupier
CMD ["python", "-m", "api", "player", "operator", "--host", "0.0.0.0"]
