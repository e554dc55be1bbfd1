"""Which mutants there are of a piece of code."""

import ast
from textwrap import dedent

import pytest

from e2e.tools.mutate.mutants import Mutant, mutants

IN_FUNCTION = [
    ("return a < b", ["return None", "return a <= b", "return a >= b"]),
    ("return a >= b", ["return None", "return a > b", "return a < b"]),
    ("return a == b", ["return None", "return a != b"]),
    ("return a is None", ["return None", "return a is not None"]),
    ("return a in b", ["return None", "return a not in b"]),
    ("return a and b", ["return None", "return a or b", "return b", "return a"]),
    ("return not a", ["return None", "return a"]),
    ("return -a", ["return None", "return a"]),
    ("return a + 1", ["return None", "return a - 1", "return a + 2", "return a + 0"]),
    ("return a * b", ["return None", "return a / b"]),
    ("return a | b", ["return None", "return a & b"]),
    ("return True", ["return False"]),
    ("return None", []),
    ("return 'a'", ["return None", "return ''"]),
    ("return ''", ["return None", "return 'mutated'"]),
    ("return f'{a}/b'", ["return None", "return f'{a}'"]),
    ("return min(a, b)", ["return None", "return max(a, b)"]),
    ("return math.floor(a)", ["return None", "return math.ceil(a)"]),
    ("return sorted(a)", ["return None", "return a"]),
    ("return a.strip()", ["return None", "return a"]),
    ("return a(b, c=d)", ["return None", "return a(b)"]),
    ("return {a, b}", ["return None", "return {b}", "return {a}"]),
    ("return a if b else c", ["return None", "return a if not b else c"]),
    ("return [a for a in b if a]", ["return None", "return [a for a in b if not a]"]),
    ("a()", ["pass"]),
    ("yield a", ["pass"]),
    ("a.b = c", ["pass"]),
    ("a[b] = c", ["pass"]),
    ("a.b: int = c", ["pass"]),
    ("a = b", []),
    ("a: int = b", []),
    ("a += b", ["pass", "a -= b"]),
    ("del a", ["pass"]),
    ("raise ValueError('text for a reader')", ["pass"]),
    ("'text for a reader'", []),
    ("T = TypeVar('T')", []),
    ("return Field(default=a, description='text')", ["return None", "return Field(description='text')"]),
]


def after(source: str) -> list[str]:
    return [mutant.after for mutant in mutants("a.py", dedent(source))]


@pytest.mark.parametrize(("statement", "expected"), IN_FUNCTION, ids=[each[0] for each in IN_FUNCTION])
def test_of_a_statement(statement: str, expected: list[str]) -> None:
    found = after(f"def f():\n    {statement}")
    if statement.startswith("return Field"):  # the keyword may be dropped, and its text is not touched
        expected = ["return None", "return Field(description='text')", "return Field(default=a)"]
    assert found == expected


def test_of_statements_that_hold_others() -> None:
    found = after("""
        def f(a):
            if a:
                b()
            while a.b:
                break
            else:
                continue
    """)
    assert found == ["def f(a): return None at once", "if not a:", "pass", "while not a.b:", "pass", "pass"]


def test_of_a_generator_that_yields_nothing_is_a_generator() -> None:
    mutant = mutants("a.py", "def f():\n    a = 1\n    yield a")[0]
    mutant.apply()
    scope: dict[str, object] = {}
    exec(compile(mutant.tree, "a.py", "exec"), scope)
    assert list(scope["f"]()) == []  # type: ignore[operator]


def test_what_is_for_type_checkers_and_imports_is_left_alone() -> None:
    assert not after("""
        import a
        from b import c
        if TYPE_CHECKING:
            d = 1
        __all__ = ["e"]
        def f(g: Literal["h"]) -> Literal[1]: ...
    """)


def of(source: str, text: str) -> Mutant:
    return next(mutant for mutant in mutants("a.py", source) if mutant.after == text)


def test_defaults_and_what_is_of_a_class_are_of_the_import() -> None:
    source = "A = 1\nclass B:\n    c = 2\n    def d(self, e=3):\n        return 4"
    found = [(each.function, each.at_import) for each in mutants("a.py", source)]
    assert list(dict.fromkeys(found)) == [("", True), ("B", True), ("B.d", True), ("B.d", False)]


def test_lines_are_those_that_run_it() -> None:
    source = "def f(a):\n    if (a\n        and b):\n        g(\n            a)\n    return a"
    assert [(each.line, each.end) for each in (of(source, "if a or b:"), of(source, "pass"))] == [(2, 3), (4, 5)]


def test_is_named_the_same_wherever_it_is_in_its_file() -> None:
    source = "def f(a):\n    return a < 1"
    moved = f"import b\n\n\n{source}"
    assert [each.key for each in mutants("a.py", source)] == [each.key for each in mutants("a.py", moved)]


def test_alike_in_one_function_are_counted() -> None:
    source = "def f(a):\n    a()\n    a()"
    assert [each.occurrence for each in mutants("a.py", source) if each.after == "pass"] == [1, 2]


def test_is_applied_alone() -> None:
    source = "def f(a):\n    if a < 1:\n        return 2\n    return 3"
    for index, mutant in enumerate(mutants("a.py", source)):
        again = mutants("a.py", source)[index]
        assert again == mutant
        assert again.apply() is again.tree
        changed = ast.unparse(again.tree).splitlines()
        different = [line for line, other in zip(changed, source.splitlines(), strict=False) if line != other]
        assert len(different) == 1
        assert mutant.after in {different[0].strip(), "def f(a): return None at once"}
