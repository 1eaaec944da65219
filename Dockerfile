# infer-compare and ONNX Runtime, without a GPU and without a compiler: docs/how-to/containers.md
#
#   docker build -t infer-compare .
#   docker build -t infer-compare --build-arg EXTRAS=onnx,torch --build-arg PACKAGES=g++ .

ARG PYTHON=3.12

FROM python:${PYTHON}-slim AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY core core
COPY backends backends
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:${PYTHON}-slim
# Frameworks and other extras of pyproject.toml, separated by commas.
ARG EXTRAS=onnx
# Packages of Debian, separated by spaces; g++ is what torch:compile=true needs.
ARG PACKAGES=""
# Further options of pip. A plain torch for Linux brings CUDA along, several gigabytes: name an index here that has a build
# for the processor alone, as PyTorch's own page on installing says.
ARG PIP_OPTIONS=""
RUN if [ -n "${PACKAGES}" ]; then \
        apt-get update && apt-get install --yes --no-install-recommends ${PACKAGES} && rm -rf /var/lib/apt/lists/*; \
    fi
COPY constraints.txt /
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir ${PIP_OPTIONS} --constraint /constraints.txt \
        "$(echo /wheels/infer_compare-*.whl)[${EXTRAS}]" \
    && rm -rf /wheels

# Runs are written to /work/runs: mount a folder at /work to keep them. Whoever docker run --user names may write as well.
RUN useradd --create-home --uid 1000 user && mkdir /work && chmod 1777 /work
USER user
WORKDIR /work
ENTRYPOINT ["infer-compare"]
CMD ["--help"]
