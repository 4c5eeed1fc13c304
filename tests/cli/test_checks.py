"""What doctor looks at, from tables of made-up machines."""

import pytest

from cli import checks
from cli.checks import Finding

REQUIREMENTS = [
    "httpx<1,>=0.28",
    "pydantic<3,>=2; extra == 'server'",
    "no-such-package>=1; extra == 'server'",
    'vernacular[server]; extra == "vllm-cpu"',
    "PyYAML>=999; extra == 'training'",
    "PyYAML>=6; extra == 'lsp'",
]


def test_an_extra_lists_its_own_packages_and_those_it_includes() -> None:
    assert checks.packages_of_extra("vllm-cpu", REQUIREMENTS) == [("pydantic", "<3,>=2"), ("no-such-package", ">=1")]


def test_an_extra_that_is_whole_says_its_versions() -> None:
    finding = checks.check_extra("lsp", REQUIREMENTS, "editing")
    assert (finding.state, finding.remedy) == ("ok", "")
    assert finding.detail.startswith("PyYAML 6")


@pytest.mark.parametrize(
    ("extra", "detail", "remedy"),
    [
        ("server", "no-such-package is missing", "pip install 'vernacular[server]'"),
        ("vllm-cpu", "no-such-package is missing", "make serve"),
        ("training", "is not >=999", "pip install 'vernacular[training]'"),
    ],
)
def test_an_extra_that_lacks_something_says_what_and_how_to_get_it(extra: str, detail: str, remedy: str) -> None:
    finding = checks.check_extra(extra, REQUIREMENTS, "serving")
    assert finding.state == "bad"
    assert detail in finding.detail
    assert finding.remedy == remedy


def test_an_extra_that_nobody_needs_is_only_a_note() -> None:
    assert checks.check_extra("server", REQUIREMENTS, None).state == "note"


@pytest.mark.parametrize(
    ("flags", "state", "abilities"),
    [
        ("fpu avx avx2", "ok", "AVX2"),
        ("avx2 avx512f avx512_bf16 amx_tile", "ok", "AVX2, AVX-512, AVX512-BF16, AMX"),
        ("fpu sse2", "bad", "no AVX2"),
    ],
)
def test_the_cpu_is_read_from_its_flags(flags: str, state: str, abilities: str) -> None:
    finding = checks.check_cpu(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
    assert (finding.state, finding.detail) == (state, f"2 cores, {abilities}")


def test_a_cpu_that_cannot_be_read_is_a_note() -> None:
    assert checks.check_cpu("").state == "note"


def test_a_tool_that_is_too_old_or_missing_names_its_remedy() -> None:
    assert checks.check_tool("git", "git", (999,), "install git").detail.endswith("older than 999")
    assert checks.check_tool("git", "git", (1,), "install git").state == "ok"
    missing = checks.check_tool("Editor", "no-such-editor", (1,), "install it")
    assert missing == Finding("tools", "Editor", "note", "not on PATH", "install it")


def test_a_grammar_is_optional() -> None:
    python, other = checks.check_grammars({"python": "tree-sitter-python", "zig": "tree-sitter-zig-not-there"})
    assert python.state == "ok"
    assert (other.state, other.remedy) == ("note", "pip install tree-sitter-zig-not-there")
