"""`GET /api/v1/login`: what `vernacular login` needs to know."""

from __future__ import annotations

from fastapi import FastAPI

from core.errors import RequestError
from core.wire import Login, Problem
from server.config.access import OidcSection


def add_login(app: FastAPI, settings: OidcSection) -> None:
    """Add the route; it is open to everyone, and answers 404 where nobody signs in here."""

    @app.get("/api/v1/login", summary="How a person signs in", responses={404: {"model": Problem}})
    async def login() -> Login:
        if not settings.issuer or not settings.client_id:
            raise RequestError("nobody signs in here; ask for an API key", status=404, code="no_login")
        return Login(issuer=settings.issuer, client_id=settings.client_id, scopes=settings.login_scopes)
