"""What is raised where something cannot be used that a user has to put in order."""

from edge_operator.status.facts import Problem


class ProblemError(Exception):
    """Something cannot be used. `problem` says why, and what to do."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
