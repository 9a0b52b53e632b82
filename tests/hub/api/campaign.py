"""`make test-api`: thousands of requests that the API's description allows and forbids, by seed.

schemathesis reads `/api/openapi.json` of a real web process and asks over a real socket: examples,
boundaries, random bodies, and stories that follow the links. Owns one run, its result and the sum
of all runs. It stands here and not among `binlight bench`, because an installed product brings no
test tools (`requirements/dev.in`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import msgspec

from hub.opening import open_beside
from hub.verify.command import verify
from simulators.campaigns.own_postgres import Cluster, programs
from simulators.campaigns.totals import Totals
from tests.hub.api.known_values import KNOWN
from tests.hub.api.shop import ROOT, Shop, open_shop

NAME: Final = "api"
OURS_INSTEAD: Final = "positive_data_acceptance"
"""All checks but this one; see `known_values.valid_requests_are_not_called_wrong`."""
ANSWER_S: Final = 120
"""A busy machine is not a defect."""
BROKEN: Final = "page_failed"
"""What the web process writes down for each answer 500."""


class NoPostgres(click.ClickException):
    def __init__(self) -> None:
        super().__init__(
            "PostgreSQL's programs are not installed (apt install postgresql); "
            "--database sqlite tries the other one."
        )


def run(database: str, seed: int, examples: int, report: Path) -> dict[str, Any]:
    """One run against one database; whatever was wrong stands in `report` too."""
    with TemporaryDirectory(prefix="binlight-api-") as folder, _url(database) as url:
        with open_shop(Path(folder), url) as shop:
            told = _ask_everything(shop, seed, examples, report)
            broken = (shop.config.data / "web.log").read_text().count(BROKEN)
        books = open_beside(shop.config.database)
        is_whole = verify(books).ok
        books.close()
    cases = told["test_cases"]
    return {
        "campaign": NAME, "database": database, "seed": seed, "examples": examples,
        "operations": told["operations"]["tested"], "inputs": cases["generated"],
        "failures": cases["unique_failures"], "errors": cases["errored"], "broken": broken,
        "verify": "ok" if is_whole else "failed", "found": told["failures"],
    }  # fmt: skip


@contextmanager
def _url(database: str) -> Iterator[str]:
    if database == "sqlite":
        yield ""
        return
    bin = programs()
    if bin is None:
        raise NoPostgres
    cluster = Cluster(bin)
    try:
        yield cluster.create()
    finally:
        cluster.stop()


def _ask_everything(shop: Shop, seed: int, examples: int, report: Path) -> dict[str, Any]:
    report.mkdir(parents=True, exist_ok=True)
    out = report / "report.json"
    out.unlink(missing_ok=True)
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run",
        f"{shop.url}/api/openapi.json", f"--header=Authorization:Bearer {shop.token}",
        "--checks=all", f"--exclude-checks={OURS_INSTEAD}",
        f"--max-examples={examples}", f"--seed={seed}",
        "--continue-on-failure", "--generation-database=none", "--no-color", "--report=json",
        f"--report-json-path={out}", "--suppress-health-check=all",
        f"--request-timeout={ANSWER_S}",
    ]  # fmt: skip
    with (report / "report.txt").open("wb") as said:
        subprocess.run(
            command, stdout=said, stderr=subprocess.STDOUT, check=False, cwd=report,
            env={**os.environ, "PYTHONPATH": str(ROOT), KNOWN: _known(shop),
                 "SCHEMATHESIS_HOOKS": "tests.hub.api.known_values"},
        )  # fmt: skip
    if not out.exists():
        raise click.ClickException((report / "report.txt").read_text()[-2_000:])
    told: dict[str, Any] = json.loads(out.read_bytes())
    return told


def _known(shop: Shop) -> str:
    return msgspec.json.encode(shop.known).decode()


def is_clean(result: dict[str, Any]) -> bool:
    """Nothing broke, nothing differed from its description, and the books are whole."""
    found = (result["failures"], result["errors"], result["broken"])
    return found == (0, 0, 0) and result["verify"] == "ok"


@click.command()
@click.option("--seed", default=1, show_default=True, help="The same seed asks the same things.")
@click.option("--examples", default=200, show_default=True, help="Of each operation and phase.")
@click.option(
    "--database", "databases", multiple=True, type=click.Choice(["sqlite", "postgres"]),
    default=["sqlite", "postgres"], show_default=True,
)  # fmt: skip
@click.option(
    "--results", type=click.Path(path_type=Path, file_okay=False), help="Add the runs up here."
)
@click.option(
    "--report", type=click.Path(path_type=Path, file_okay=False),
    help="Keep what schemathesis said in this folder.",
)  # fmt: skip
def main(
    seed: int, examples: int, databases: tuple[str, ...], results: Path | None, report: Path | None
) -> None:
    """Ask every operation of the API; the last line of each run is one JSON object."""
    with _kept(report) as folder:
        found = [
            _one(database, seed, examples, folder / database, results) for database in databases
        ]
    if not all(found):
        raise SystemExit(1)


def _one(database: str, seed: int, examples: int, report: Path, results: Path | None) -> bool:
    result = run(database, seed, examples, report)
    if not is_clean(result):
        click.echo((report / "report.txt").read_text(), err=True)
    if results is not None:
        Totals(results / "campaigns").add(NAME, result)
    click.echo(json.dumps(result, sort_keys=True))
    return is_clean(result)


@contextmanager
def _kept(report: Path | None) -> Iterator[Path]:
    if report is not None:
        yield report.absolute()
        return
    with TemporaryDirectory(prefix="binlight-api-report-") as folder:
        yield Path(folder)


if __name__ == "__main__":
    main()
