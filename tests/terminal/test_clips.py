"""What is named on the command line, and what a folder has: order, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storyclip.terminal.clips import (
    Address,
    LocalFile,
    NoClip,
    named,
    natural,
    of_folder,
    require_still,
)


def test_names_are_sorted_as_people_count():
    names = ["clip 10.mp4", "Clip 2.mp4", "clip 02b.mp4", "a.mp4", "10.mp4", "9.mp4", "²3.mp4"]

    assert sorted(names, key=natural)[:5] == [
        "9.mp4",
        "10.mp4",
        "a.mp4",
        "Clip 2.mp4",
        "clip 02b.mp4",
    ]


def test_files_and_addresses_keep_their_order(tmp_path):
    file = tmp_path / "a.mp4"
    file.write_bytes(b"x")

    found = named(["https://x.example/b.mp4?x=1", str(file)])

    assert [type(one) for one in found] == [Address, LocalFile]
    assert [one.title for one in found] == ["b.mp4", "a.mp4"]


def test_what_cannot_be_read_is_skipped_and_said(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"x")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")

    found, skipped = of_folder(tmp_path)

    assert [one.title for one in found] == ["a.mp4"]
    assert [(one.name, "No such file" in one.why) for one in skipped] == [("gone.mp4", True)]


def test_a_file_that_is_still_growing_is_refused(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"x")
    (file,) = of_folder(tmp_path)[0]
    require_still(file)

    with path.open("ab") as growing:
        growing.write(b"y")

    with pytest.raises(NoClip, match="still being written"):
        require_still(file)


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")

    with pytest.raises(NoClip, match="is no file"):
        named([str(tmp_path / "a.mp4")])
