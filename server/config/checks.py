"""What must hold between the keys of a config before the server starts."""

from __future__ import annotations

import ipaddress

from core.errors import ConfigError
from server.config.schema import ServerConfig


def check_config(config: ServerConfig) -> None:
    """Raises `ConfigError`, in one line, for keys that contradict each other. Looks at no file."""
    listen, oidc = config.listen, config.access.oidc
    if (listen.tls_certificate is None) != (listen.tls_key is None):
        raise ConfigError("listen.tls_certificate and listen.tls_key belong together; set both or neither")
    for proxy in listen.trusted_proxies:
        try:
            ipaddress.ip_network(proxy, strict=False)
        except ValueError:
            raise ConfigError(
                f"listen.trusted_proxies: {proxy!r} is no address or network; write it like 10.0.0.1 or 10.0.0.0/24"
            ) from None
    if oidc.issuer and not oidc.audience:
        raise ConfigError(
            "access.oidc.audience is missing; without it a token that was made for another service would do here"
        )
    if config.database.url and config.database.url_file:
        raise ConfigError("database.url and database.url_file are both set; keep one of the two")
    models = config.models
    if models.file and (models.model is not None or models.template is not None):
        raise ConfigError(
            "models.file (--models) names every model and its template; leave models.model (--model) and "
            "models.template (--template) out"
        )
    if (config.engine.name == "remote") != bool(config.engine.endpoints):
        raise ConfigError("--engine remote and --endpoint URL belong together; give both or neither")
