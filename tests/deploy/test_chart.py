"""The Helm chart, by helm itself and by Kubernetes' own schemas; no cluster is asked."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from server.config.checks import check_config
from server.config.loading import load_config
from server.engines.remote.options import remote_options
from server.registry.models_file import read_models_file
from tests.deploy.queries import DEPLOY

Tool = Callable[[str], str]
Manifests = list[dict[str, Any]]
CHART = DEPLOY / "helm" / "vernacular"
EVERYTHING = CHART / "ci" / "everything-values.yaml"


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.fixture
def render(tool: Tool) -> Callable[..., Manifests]:
    """The manifests that helm makes of the chart, with these arguments."""

    def template(*arguments: str | Path) -> Manifests:
        done = run(tool("helm"), "template", "code", CHART, "--namespace", "house", *arguments)
        assert done.returncode == 0, done.stderr
        return [manifest for manifest in yaml.safe_load_all(done.stdout) if manifest]

    return template


def of_kind(manifests: Manifests, kind: str) -> dict[str, Any]:
    (found,) = (manifest for manifest in manifests if manifest["kind"] == kind)
    return found


@pytest.mark.parametrize("values", [(), ("--values", EVERYTHING)], ids=["defaults", "everything"])
def test_helm_has_nothing_to_say(tool: Tool, values: tuple[str | Path, ...]) -> None:
    done = run(tool("helm"), "lint", "--strict", CHART, *values)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", ["1.27", "1.37"])
@pytest.mark.parametrize("values", [(), ("--values", EVERYTHING)], ids=["defaults", "everything"])
def test_kubernetes_knows_every_field(
    render: Callable[..., Manifests], values: tuple[str | Path, ...], version: str
) -> None:
    manifests = render(*values)
    kinds = [manifest["kind"] for manifest in manifests]
    assert {"ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "ServiceAccount"} <= set(kinds)
    assert ("ServiceMonitor" in kinds) == bool(values)
    for manifest in manifests:
        if manifest["kind"] != "ServiceMonitor":  # the Prometheus operator's, not Kubernetes'
            kubernetes_validate.validate(manifest, version, strict=True)


def test_selectors_find_the_pods(render: Callable[..., Manifests]) -> None:
    manifests = render("--values", EVERYTHING)
    pods = of_kind(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"].items()
    service = of_kind(manifests, "Service")
    for selector in (
        of_kind(manifests, "Deployment")["spec"]["selector"]["matchLabels"],
        of_kind(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
    ):
        assert selector.items() <= pods
    monitor = of_kind(manifests, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}


def test_what_is_mounted_is_what_the_config_names(render: Callable[..., Manifests]) -> None:
    manifests = render("--values", EVERYTHING)
    files = of_kind(manifests, "ConfigMap")["data"]
    config = yaml.safe_load(files["server.yaml"])
    pod = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]
    (server,) = pod["containers"]
    mounts = {mount["name"]: mount["mountPath"] for mount in server["volumeMounts"]}
    assert set(mounts) == {volume["name"] for volume in pod["volumes"]}
    assert config["models"]["file"] == f"{mounts['config']}/models.yaml"
    assert config["listen"]["tls_key"] == f"{mounts['tls']}/tls.key"
    assert server["startupProbe"]["httpGet"]["scheme"] == "HTTPS"
    environment = {each["name"]: each.get("value") for each in server["env"]}
    assert environment["VERNACULAR_DATABASE__URL_FILE"] == f"{mounts['database']}/url"
    assert pod["terminationGracePeriodSeconds"] > config["listen"]["shutdown_s"] + 5  # the time before SIGTERM


@pytest.mark.parametrize("values", [(), ("--values", EVERYTHING)], ids=["defaults", "everything"])
def test_the_server_takes_the_config_and_the_models_file(
    render: Callable[..., Manifests], values: tuple[str | Path, ...], tmp_path: Path
) -> None:
    manifests = render(*values)
    for name, text in of_kind(manifests, "ConfigMap")["data"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (server,) = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each.get("value", "a secret") for each in server["env"]}
    config = load_config(tmp_path / "server.yaml", environment, {}).config
    check_config(config)
    assert config.access.mode == "required"
    assert config.database.url_file == Path("/run/secrets/database/url")
    if values:
        models = read_models_file(tmp_path / "models.yaml")
        assert remote_options({"model": "m", "context_limit": 1, **models.models["house-7b"].engine_options})


def test_another_config_makes_other_pods_and_one_replica_has_no_budget(render: Callable[..., Manifests]) -> None:
    annotations = [
        of_kind(render("--set", f"config.log.level={level}"), "Deployment")["spec"]["template"]["metadata"][
            "annotations"
        ]
        for level in ("info", "debug")
    ]
    assert annotations[0] != annotations[1]
    alone = render("--set", "replicas=1")
    assert "PodDisruptionBudget" not in {manifest["kind"] for manifest in alone}


@pytest.mark.parametrize(
    "wrong",
    [
        "replica=3",
        "replicas=none",
        "image.tag=latest",
        "config.access.mode=none",
        "config.database=in-the-open",
        "service.type=Nowhere",
    ],
)
def test_values_that_cannot_be_are_refused(tool: Tool, wrong: str) -> None:
    done = run(tool("helm"), "template", "code", CHART, "--set", wrong)
    assert done.returncode != 0
    assert wrong.partition("=")[0].rpartition(".")[2] in done.stderr
