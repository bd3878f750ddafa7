"""Files people send: known by their bytes, each tenant's apart, kept while a take needs them."""

import cv2
import numpy as np
import pytest

from rushes.core.errors import ConflictError, MissingError, UsageError
from rushes.studio.desk import open_desk
from rushes.studio.takes import Input, Origin, TakeRequest, add_take
from rushes.studio.uploads import delete_upload, find_upload, keep_upload, list_uploads


def send(desk, files, shade=90):
    content = cv2.imencode(".png", np.full((36, 64, 3), shade, np.uint8))[1].tobytes()
    with files.scratch() as folder:
        path = folder / "upload"
        path.write_bytes(content)
        return keep_upload(desk, files, path)


def test_the_same_bytes_are_one_upload_of_each_tenant(desk, files):
    first, again = send(desk, files), send(desk, files)
    assert first == again == find_upload(desk, first.sha256)
    other = open_desk(desk.store, "rival", "eve")
    with pytest.raises(MissingError):
        find_upload(other, first.sha256)
    with pytest.raises(MissingError):
        delete_upload(other, files, first.sha256)
    send(other, files)
    delete_upload(desk, files, first.sha256)
    assert list_uploads(desk, 10) == ()
    assert not files.path(desk.tenant_id, first.sha256).exists()
    assert files.path(other.tenant_id, first.sha256).exists()


def test_a_file_a_take_starts_from_stays(desk, files, shot):
    given = send(desk, files)
    with desk.store.write() as connection:
        request = TakeRequest("a fox", 1, "mini")
        add_take(connection, desk, shot.id, request, Origin(), (Input("first_frame", given.sha256),))
    with pytest.raises(ConflictError, match="take_"):
        delete_upload(desk, files, given.sha256)
    assert files.path(desk.tenant_id, given.sha256).exists()


def test_what_is_no_picture_leaves_nothing(desk, files):
    with files.scratch() as folder:
        path = folder / "upload"
        path.write_bytes(b"#!/bin/sh")
        with pytest.raises(UsageError, match="PNG"):
            keep_upload(desk, files, path)
    assert list_uploads(desk, 10) == ()
    assert [path for path in files.root.rglob("*") if path.is_file()] == []


def test_uploads_come_in_pages(desk, files):
    made = [send(desk, files, shade).sha256 for shade in (10, 20, 30)]
    first = list_uploads(desk, 2)
    rest = list_uploads(desk, 2, first[-1].sha256)
    assert sorted(each.sha256 for each in (*first, *rest)) == sorted(made)
    with pytest.raises(MissingError):
        list_uploads(desk, 2, "0" * 64)
