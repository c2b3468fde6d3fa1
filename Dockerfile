# This Meltano project, or one of your own, as an image: see docs/containers.md.
FROM python:3.13-slim
# Bytecode is compiled once, here: what Python compiles at a start, a container forgets.
ENV PYTHONUTF8=1 UV_COMPILE_BYTECODE=1 MELTANO_SEND_ANONYMOUS_USAGE_STATS=false
# The state backend, and the system database if several machines share one.
ARG EXTRAS=s3,postgres
RUN pip install --no-cache-dir "meltano[$EXTRAS]>=4.4,<5" \
    && python -m compileall -q -x site-packages "$(python -c 'import os; print(os.path.dirname(os.__file__))')" \
    && useradd --create-home --uid 1000 meltano \
    && install --directory --owner=meltano --group=meltano /project /state
WORKDIR /project
# By number: Kubernetes cannot tell from a name that it is not root.
USER 1000
COPY --chown=1000:1000 . .
# Which plugins of meltano.yml; none named: all.
ARG PLUGINS=
RUN meltano install $PLUGINS && python -m compileall -q -x '[.]meltano' .
ENTRYPOINT ["meltano"]
CMD ["run", "tap-gotowebinar", "target-postgres"]
