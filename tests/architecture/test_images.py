"""The Dockerfile puts into each image what its processes import, and nothing else."""

import re
import tomllib

from grimp import build_graph

from devstack.runs import CHECKOUT

DOCKERFILE = (CHECKOUT / "Dockerfile").read_text()
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
SHIPPED: list[str] = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def _stage(name: str) -> str:
    """The instructions of one stage, up to the next."""
    found = re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found is not None, name
    return found.group(1)


def _copied(name: str) -> set[str]:
    return set(re.findall(r"^COPY (\w[\w/.]*) ", _stage(name), re.MULTILINE))


def test_the_main_image_ships_everything_but_the_signer() -> None:
    """Door and workers have every shipped package except the one that can sign."""
    assert _copied("croupier") == set(SHIPPED) - {"signer"}


def test_the_signers_image_holds_what_the_signer_imports() -> None:
    """Nothing the signer reaches is missing from its image, and nothing it does not reach is in it."""
    graph = build_graph("signer", "chains", "domain", cache_dir=None)
    reached = graph.find_upstream_modules("signer", as_package=True) | {"signer"}
    copied = {path.removesuffix("/__init__.py").replace("/", ".") for path in _copied("signer")}
    assert copied == {"signer", "domain", "chains", "chains.codecs"}
    allowed = ("signer", "domain.", "chains.codecs.")
    assert {module for module in reached if not module.startswith(allowed)} <= {
        "domain",
        "chains",
        "chains.codecs",
    }
    assert {module.split(".")[0] for module in reached} == {"signer", "domain", "chains"}


def test_packages_come_from_the_locks_with_hashes() -> None:
    """Each image installs its own lock, refuses what has no hash, and runs as a user of its own."""
    for name, lock in (("croupier", "runtime"), ("signer", "signer")):
        packages = _stage(f"{name}-packages")
        assert f"COPY locks/{lock}.txt" in packages
        assert "--require-hashes" in packages
        assert re.search(r"^USER (\w+)$", _stage(name), re.MULTILINE).group(1) == name  # type: ignore[union-attr]  # a missing line fails here


def test_the_build_sees_only_what_it_copies() -> None:
    """The context that is sent to the builder lists exactly the folders the Dockerfile names."""
    listed = set(re.findall(r"^!(\w+)$", (CHECKOUT / ".dockerignore").read_text(), re.MULTILINE))
    assert listed == {path.split("/")[0] for name in ("croupier", "signer") for path in _copied(name)} | {
        "locks"
    }
