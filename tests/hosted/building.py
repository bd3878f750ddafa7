"""What a worker's child loads in these tests: takes of hosted models at the tests' pace."""

from tests.hosted.conftest import FAST

from rushes.cli.desk import open_studio
from rushes.cli.hosted_takes import HostedCamera
from rushes.core.settings import Settings


def build():
    return HostedCamera(open_studio().desk.store, Settings.from_environment().studio / "hosted", FAST).steps
