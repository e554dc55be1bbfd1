"""Resource versions that go backwards."""

import pytest

from edge_operator.cluster.resource_versions import ClusterRestoredError, ResourceVersions


@pytest.mark.parametrize(
    "versions",
    [
        pytest.param(["1", "2", "10"], id="increasing"),
        pytest.param(["9", "9", "10"], id="the same object again"),
        pytest.param(["7", "not-a-number", "7"], id="of an API server with another format"),
        pytest.param(["7", "", "8"], id="without"),
        pytest.param(["7", "٣", "8"], id="other digits"),
    ],
)
def test_versions_that_do_not_go_backwards(versions: list[str]) -> None:
    seen = ResourceVersions()
    for version in versions:
        seen.check(version)


@pytest.mark.parametrize("versions", [["2", "1"], ["10", "9"], ["814", "not-a-number", "482"]])
def test_a_version_that_goes_backwards(versions: list[str]) -> None:
    seen = ResourceVersions()
    for version in versions[:-1]:
        seen.check(version)
    with pytest.raises(ClusterRestoredError, match=rf"resource version {versions[-1]} after {versions[0]}: .*backup"):
        seen.check(versions[-1])
