"""Images and Compose file, by hadolint and by Docker Compose's own reader; no image is built here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.config.checks import check_config
from server.config.loading import load_config
from tests.deploy.queries import DEPLOY

Tool = Callable[[str], str]
ROOT = DEPLOY.parent
DOCKERFILES = sorted((DEPLOY / "docker").glob("Dockerfile.?pu"))


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=cwd)


@pytest.fixture
def deploy(tmp_path: Path) -> Path:
    """A copy of the folder, with its secrets made up."""
    folder = tmp_path / "deploy"
    shutil.copytree(DEPLOY, folder)
    done = run("sh", "make-secrets.sh", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def compose(tool: Tool, deploy: Path) -> dict[str, Any]:
    """The Compose file as Docker Compose understands it."""
    done = run(tool("docker-compose"), "--file", deploy / "compose.yaml", "config", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.lower(), done.stderr
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_has_nothing_to_say(tool: Tool, dockerfile: Path) -> None:
    done = run(tool("hadolint"), "--failure-threshold", "style", dockerfile)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_an_image_is_pinned_locked_checked_and_not_roots(dockerfile: Path) -> None:
    text = dockerfile.read_text(encoding="utf-8")
    assert all(re.fullmatch(r"[a-z./]+:\d+\.\d+\.\d+-\S+", base) for base in re.findall(r"^FROM (\S+)", text, re.M))
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.M)
    assert re.search(r"^HEALTHCHECK ", last, re.M)
    assert "locks" in text
    assert all("--no-deps" in line for line in text.splitlines() if "pip install" in line)
    ignored = dockerfile.with_name(f"{dockerfile.name}.dockerignore").read_text(encoding="utf-8").splitlines()
    needed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert all((ROOT / path).exists() for path in needed)
    assert {"cli", "completion", "core", "languages", "locks", "server"} <= needed


def test_secrets_are_made_once_and_are_their_owners_alone(deploy: Path) -> None:
    folder = deploy / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    assert set(before) == {"postgres_password", "grafana_password", "database_url", "metrics_key"}
    assert before["postgres_password"] in before["database_url"]
    assert len(before["postgres_password"]) == 48
    assert before["postgres_password"] != before["grafana_password"]
    assert run("sh", "make-secrets.sh", cwd=deploy).returncode == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == before


def test_every_service_of_the_compose_file_is_pinned_and_bounded(compose: dict[str, Any], deploy: Path) -> None:
    services = compose["services"]
    assert set(services) == {"vernacular", "postgres", "prometheus", "grafana"}
    secrets = [path.read_text(encoding="utf-8") for path in (deploy / "secrets").iterdir()]
    for name, service in services.items():
        if name != "vernacular":  # built here
            assert re.fullmatch(r"[a-z/]+:v?\d+\.\d+(\.\d+)?(-[a-z]+)?", service["image"]), service["image"]
            assert service["healthcheck"]["test"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port["host_ip"] == "127.0.0.1" for port in service.get("ports", ())), name
        said = json.dumps(service.get("environment", {}))
        assert not any(secret and secret in said for secret in secrets)
    for service in services.values():
        for volume in service.get("volumes", ()):
            if volume["type"] == "bind":
                assert Path(volume["source"]).exists(), volume["source"]


def test_the_server_takes_the_config(compose: dict[str, Any]) -> None:
    server = compose["services"]["vernacular"]
    config = load_config(DEPLOY / "config" / "server.yaml", server["environment"], {}).config
    check_config(config)
    assert (config.listen.host, config.access.mode, config.log.format) == ("0.0.0.0", "required", "json")  # noqa: S104
    assert config.database.url_file == Path("/run/secrets/database_url")
    assert int(server["stop_grace_period"].removesuffix("s")) > config.listen.shutdown_s + 5


def test_what_one_service_asks_of_another_is_there(compose: dict[str, Any]) -> None:
    services = compose["services"]
    prometheus = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (job,) = prometheus["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["vernacular:8480"]}]
    assert job["authorization"]["credentials_file"] == "/run/secrets/metrics_key"
    assert [secret["source"] for secret in services["prometheus"]["secrets"]] == ["metrics_key"]
    source = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text(encoding="utf-8"))
    assert source["datasources"][0]["url"] == "http://prometheus:9090"
    provider = yaml.safe_load((DEPLOY / "grafana/provisioning/dashboards/vernacular.yaml").read_text(encoding="utf-8"))
    targets = {volume["target"] for volume in services["grafana"]["volumes"]}
    assert provider["providers"][0]["options"]["path"] in targets
