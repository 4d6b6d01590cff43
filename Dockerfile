FROM python:3.11-slim
WORKDIR /app
RUN pip install --no-cache-dir uv==0.13.9 && useradd --create-home kept
COPY requirements.lock pyproject.toml README.md ./
RUN uv pip install --system --no-cache -r requirements.lock
COPY kept kept
COPY sops sops
RUN uv pip install --system --no-cache --no-deps --no-build-isolation --editable .
USER kept
EXPOSE 8000 2525
CMD ["kept", "web", "--host", "0.0.0.0"]
