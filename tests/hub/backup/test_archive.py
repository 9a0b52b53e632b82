"""What is read from a backup is what was put there, or is refused."""

from __future__ import annotations

import tarfile
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from hub.backup import archive
from hub.backup.archive import DamagedBackup, Kept, Manifest, NotABackup
from hub.errors import HubError
from tests.hub.backup.conftest import Shop

PLAIN = Manifest(
    made_at=0, site="w1", company="shop", version="1", schema=1, hub_epoch="", is_true=True,
    heads={},
)  # fmt: skip


def tar_of(file: Path, manifest: Manifest, members: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, content in {"manifest.json": msgspec.json.encode(manifest), **members}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, BytesIO(content))
    return file


def test_every_file_comes_out_as_it_went_in(shop: Shop, tmp_path: Path) -> None:
    taken = shop.back_up(tmp_path / "a.tar")
    manifest = archive.unpack(taken.path, tmp_path / "out")
    assert manifest == taken.manifest
    assert (tmp_path / "out" / "secrets" / "web-key").read_bytes() == b"k" * 32


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_one_changed_byte_anywhere_in_the_database_is_noticed(
    share: float, shop: Shop, tmp_path: Path
) -> None:
    file = shop.back_up(tmp_path / "a.tar").path
    whole = bytearray(file.read_bytes())
    whole[int(len(whole) * share)] ^= 0x10
    file.write_bytes(whole)
    with pytest.raises(DamagedBackup, match=r"hub\.db"):
        archive.unpack(file, tmp_path / "out")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.95])
def test_a_part_of_a_backup_is_none(share: float, shop: Shop, tmp_path: Path) -> None:
    file = shop.back_up(tmp_path / "a.tar").path
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])
    with pytest.raises(HubError):
        archive.unpack(file, tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/../../evil"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    kept = {name: Kept(4, archive.hashlib.sha256(b"evil").hexdigest())}
    manifest = msgspec.structs.replace(PLAIN, files=kept)
    file = tar_of(tmp_path / "a.tar", manifest, {name: b"evil"})
    with pytest.raises(NotABackup, match="leads out"):
        archive.unpack(file, tmp_path / "out")
    assert not list(tmp_path.rglob("evil"))


def test_what_the_manifest_names_must_be_there(tmp_path: Path) -> None:
    manifest = msgspec.structs.replace(PLAIN, files={"hub.db": Kept(1, "00")})
    with pytest.raises(DamagedBackup):
        archive.unpack(tar_of(tmp_path / "a.tar", manifest, {}), tmp_path / "out")


def test_a_newer_format_is_refused_by_its_number(tmp_path: Path) -> None:
    manifest = msgspec.structs.replace(PLAIN, format=2)
    with pytest.raises(NotABackup, match="format is 2"):
        archive.read_manifest(tar_of(tmp_path / "a.tar", manifest, {}))


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\0" * 2_000])
def test_what_is_no_backup_is_refused(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.tar"
    file.write_bytes(content)
    with pytest.raises(NotABackup):
        archive.read_manifest(file)
