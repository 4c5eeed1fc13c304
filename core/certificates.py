"""By what certificates servers are known: the operating system's store, where companies put theirs."""

from __future__ import annotations

import ssl


def certificates(url: str) -> ssl.SSLContext:
    """What to know the server at a URL by. For plain HTTP it is never used, and loading certificates takes tens of ms.

    Needs truststore for the others.
    """
    return system_certificates() if url.lower().startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def system_certificates() -> ssl.SSLContext:
    """The operating system's store. Needs truststore."""
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
