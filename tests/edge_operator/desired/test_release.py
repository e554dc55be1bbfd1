"""Which images a release means."""

import pytest

from edge_operator.desired.release import Release


@pytest.mark.parametrize(
    ("release", "images"),
    [
        (
            Release("1.2.3"),
            ["edge-stack/edge-gateway:1.2.3", "docker.io/library/eclipse-mosquitto:2.1.2-alpine"],
        ),
        (
            Release("1.2.3", registry="r.example.com/mirror/"),
            [
                "r.example.com/mirror/edge-stack/edge-gateway:1.2.3",
                "r.example.com/mirror/eclipse-mosquitto:2.1.2-alpine",
            ],
        ),
        (Release("1", registry="r", mosquitto="own/mosquitto:3"), ["r/edge-stack/edge-gateway:1", "r/own/mosquitto:3"]),
    ],
)
def test_images(release: Release, images: list[str]) -> None:
    assert [release.gateway_image, release.mqtt_image] == images


def test_images_of_the_other_components() -> None:
    release = Release("2")
    assert release.processor_image == "edge-stack/edge-processor:2"
    assert release.storage_image == "edge-stack/edge-storage:2"
