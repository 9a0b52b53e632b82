"""Pages of imports: upload, dry run, errors by row and column, what a file became; labels as PDF.

The upload is kept while it is imported, by a thread beside the pages; the engine does the rest. The
address of a file that is taken is its import's for good: after a restart of the pages it says what
became of it.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from hub.bulk import engine, queries, service
from hub.bulk.acts import NoteUpload
from hub.bulk.engine import Progress
from hub.bulk.exports import EXPORTS, write_csv
from hub.bulk.jobs import Job, Jobs
from hub.bulk.kinds.by_name import KINDS
from hub.bulk.models import ImportRun
from hub.bulk.reading import read_file
from hub.bulk.report import Report
from hub.bulk.service import import_file
from hub.errors import BadValue, NotFound
from hub.journal import Journal
from hub.staff import queries as staff
from hub.web import acts, forms, live, text
from hub.web.context import Web, somebody, web
from hub.web.security import needs
from hub.web.text import _

if TYPE_CHECKING:
    from flask.blueprints import BlueprintSetupState

RUNS_SHOWN: Final = 50
NOTES_SHOWN: Final = 500
JOBS: Final = "binlight.imports"
UPLOADS: Final = "uploads"
"""Folder in the hub's data."""
STEPS: Final = {
    "waiting": "waits for another import", "reading": "is being read and checked",
    "staging": "is good; its rows are laid ready", "posting": "its rows are being taken",
}  # fmt: skip
"""What a page says of each step of a job."""
NAME_CHARS_MAX: Final = 60
"""Of an upload's own name, from its end: a folder takes 255 bytes, and signs have up to four."""
pages = Blueprint("bulk", __name__, template_folder="templates")


@pages.get("/import")
@needs("bulk", "import")
def imports() -> ResponseReturnValue:
    return render_template("bulk/imports.html", **_lists())


def _lists() -> dict[str, Any]:
    runs = ImportRun.select().where(ImportRun.site == web().site)
    return {
        "kinds": list(KINDS), "exports": list(EXPORTS),
        "states": {"STAGING": _("Not taken: send it again"), "STAGED": _("Rows are being taken")},
        "runs": list(runs.order_by(ImportRun.created_at.desc()).limit(RUNS_SHOWN)),
    }  # fmt: skip


@pages.post("/import")
@needs("bulk", "import")
def upload() -> ResponseReturnValue:
    """Try a file out, or take it. All or nothing: its page shows errors by row and column."""
    kind, file = forms.words("kind", signs_max=20), request.files.get("file")
    if file is None or not file.filename:
        raise BadValue("file", "", "choose a file")
    if kind not in KINDS:
        raise BadValue("kind", kind, f"use one of {', '.join(KINDS)}")
    _refuse_people(kind, "edit")
    is_dry_run = request.form.get("what") != "take"
    folder = tempfile.TemporaryDirectory(prefix="upload-", dir=_uploads(web()))
    try:
        path = _kept(file, Path(folder.name))
        job = Job(uuid4().hex if is_dry_run else _run_id(kind, path), kind, path.name, is_dry_run)
        if jobs().is_on_its_way(job.id):
            folder.cleanup()
            return redirect(f"/import/files/{job.id}", 303)
        if not is_dry_run:
            _note_who(kind, path)
    except BaseException:
        folder.cleanup()
        raise
    jobs().begin(job, _work(kind, path, is_dry_run), _ending(folder.cleanup))
    return redirect(f"/import/files/{job.id}", 303)


def _uploads(parts: Web) -> Path | None:
    """Where uploads lie: in the hub's own folder, so that nobody else reads them, and those of a
    process that was killed are found again. None: wherever the machine keeps such.
    """
    data = parts.settings.data
    if data == Path():
        return None
    folder = data / UPLOADS
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _run_id(kind: str, path: Path) -> str:
    return engine.run_of(read_file(path), kind, web().company, web().site).hex()


def _work(kind: str, path: Path, is_dry_run: bool) -> Callable[[Progress], Report]:
    """The import itself; it runs in a thread that knows nothing of this request."""
    journal, site, company = web().journal, web().site, web().company
    return lambda say: import_file(
        journal, site, company, kind, path, dry_run=is_dry_run, progress=say
    )


def _ending(*also: Callable[[], None]) -> Callable[[], None]:
    """Called in the thread of the import: its connection goes with it, and what else is named."""
    database = web().journal.database

    def end() -> None:
        for do in (*also, database.close):
            do()

    return end


def go_on(app: Flask) -> None:
    """Before the pages answer: go on with the files that a killed process had found good, and let
    uploads go of which nothing was taken.
    """
    with app.app_context():
        uploads = _uploads(web())
        if uploads is not None:
            for left in uploads.iterdir():
                shutil.rmtree(left, ignore_errors=True)
        for run in queries.half_posted(web().site):
            job = Job(run.id.hex(), run.kind, run.file_name, is_dry_run=False, is_left_over=True)
            jobs().begin(job, _rest_of(web().journal, run.id), _ending())
        web().journal.database.close()


def _rest_of(journal: Journal, run: bytes) -> Callable[[Progress], Report]:
    return lambda say: service.go_on(journal, run, progress=say)


@pages.record
def _keep_jobs(state: BlueprintSetupState) -> None:
    state.app.extensions[JOBS] = Jobs()


def jobs() -> Jobs:
    found: Jobs = current_app.extensions[JOBS]
    return found


@pages.get("/import/files/<id>")
@needs("bulk", "import")
def file_on_its_way(id: str) -> ResponseReturnValue:
    """How far a file is, and what became of it; may be left and opened again, also after the hub
    was started anew.
    """
    job = jobs().job(id)
    if job is None:
        past = _past(id)
        page = render_template("bulk/imports.html", past={"run": past}, **_lists())
        return page, 404 if past is None else 200
    error = text.refusal(job.error) if job.error else ""
    return render_template("bulk/imports.html", job=job, error=error, kind=job.kind, **_lists())


def _past(id: str) -> ImportRun | None:
    """What the books know of a file that this process has not seen, or has forgotten; None for one
    of which nothing was taken.
    """
    of_site = (ImportRun.id == forms.id_of("import", id)) & (ImportRun.site == web().site)
    found: ImportRun | None = ImportRun.get_or_none(of_site & (ImportRun.state != "STAGING"))
    return found


def _live_import(key: str) -> dict[str, Any] | None:
    job = jobs().job(key)
    if job is None:
        return None
    part = 100 * job.done // job.total if job.total else 0
    return {"step": _(STEPS[job.step]), "percent": part, "done": job.done}


def _live_end(key: str) -> bool:
    job = jobs().job(key)
    return job is None or job.is_over


live.provide("import", _live_import, needs=("bulk", "import"), every_ms=500)
live.provide("import-end", _live_end, needs=("bulk", "import"), every_ms=500)


def _refuse_people(kind: str, action: str) -> None:
    """A file of people takes more than the right to import; see also `NoteUpload.refuse_to`."""
    if kind == "people":
        web().people.require(somebody(), "staff", action)


def _note_who(kind: str, path: Path) -> None:
    """The acts of an import are its own; this one says who asked for it."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    acts.carry_out(NoteUpload(kind, path.name, digest))


def _kept(file: FileStorage, folder: Path) -> Path:
    """The upload as a file of its own name, as far as that is one and no way elsewhere."""
    named = Path((file.filename or "").replace("\\", "/")).name[-NAME_CHARS_MAX:]
    told = "".join(sign for sign in named if sign.isprintable())
    path = folder / (told if told.strip(".") else "upload.csv")
    file.save(path)
    return path


@pages.get("/import/<run>")
@needs("bulk", "import")
def run(run: str) -> ResponseReturnValue:
    """What one file became."""
    id = forms.id_of("import", run)
    found = ImportRun.get_or_none(ImportRun.id == id, ImportRun.site == web().site)
    if found is None:
        raise NotFound("import", run)
    notes = engine.notes_of(id)
    return render_template(
        "bulk/run.html", run=found, counts=engine.counts_of(id), notes=notes[:NOTES_SHOWN],
        more=max(0, len(notes) - NOTES_SHOWN),
    )  # fmt: skip


@pages.get("/export/<kind>.csv")
@needs("bulk", "export")
def export(kind: str) -> ResponseReturnValue:
    if kind not in EXPORTS:
        raise NotFound("export", kind)
    _refuse_people(kind, "read")
    with tempfile.TemporaryDirectory(prefix="binlight-export-") as folder:
        path = Path(folder) / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            write_csv(kind, web().company, web().site, out)
        body = path.read_bytes()
    return Response(body, mimetype="text/csv", headers=_as_file(f"{kind}.csv"))


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@pages.get("/labels/<kind>.pdf")
@needs("bulk", "export")
def print_labels(kind: str) -> ResponseReturnValue:
    """Labels of bins or totes, all or `?codes=A-01..A-09`."""
    codes = request.args.get("codes") or None
    return _labels(kind, codes)


def _labels(kind: str, codes: str | None) -> Response:
    from hub.bulk import labels  # 0.4 s and 20 MB, for whoever prints

    chosen = labels.chosen_labels(kind, web().company, web().site, codes)
    return Response(labels.labels_pdf(chosen), mimetype="application/pdf")


@pages.get("/people/<person>/badge.pdf")
@needs("staff", "read")
def badge(person: str) -> ResponseReturnValue:
    found = staff.person(web().company, forms.id_of("person", person))
    if found is None or not found.badge:
        raise NotFound("badge of person", person)
    return _labels("badges", found.badge)
