"""A file is read no further than its limit, however small it was packed."""

from __future__ import annotations

import gzip
import tracemalloc
from pathlib import Path

import pytest

from hub.bulk import reading


def test_a_file_that_unpacks_to_more_than_the_limit_is_left_at_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """64 MB in 64 kB: nothing of it is unpacked beyond the first."""
    monkeypatch.setattr(reading, "FILE_BYTES_MAX", 1 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"sku,name\n" + b"\n" * (1 << 26)))
    tracemalloc.start()
    with pytest.raises(reading.UnreadableFile, match="more than 1048576 bytes"):
        reading.read_file(path)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 << 20
