"""Tests without their tool: skipped and listed for a person, a failure in CI."""

import pytest

from e2e.cluster.errors import HarnessError
from tests.support.missing import not_run

ERROR = HarnessError("building a thing needs programs that are not installed: sudo apt-get install -y one")


@pytest.mark.parametrize("environment", [{}, {"CI": ""}, {"CI": "false"}])
def test_a_person_reads_the_command_in_the_summary(environment: dict[str, str]) -> None:
    with pytest.raises(pytest.skip.Exception, match=r"not run: .*: sudo apt-get install -y one"):
        not_run(ERROR, environment)


def test_ci_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="sudo apt-get install -y one"):
        not_run(ERROR, {"CI": "true"})
