"""A mutant put into this process: the code of one function exchanged, or the whole module imported as mutated."""

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType

from e2e.cluster.checkout import ROOT
from e2e.tools.mutate.floors import module_of
from e2e.tools.mutate.mutants import Mutant

Functions = dict[tuple[str, str, int], list[FunctionType]]


def functions() -> Functions:
    """Return all functions of this process, by file, name and first line of their code."""
    found: Functions = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            code = each.__code__
            found[code.co_filename, code.co_qualname, code.co_firstlineno].append(each)
    return found


def exchange(mutant: Mutant, present: Functions) -> bool:
    """Give the function that a mutant is in its changed code; return False where that cannot be done.

    It cannot where the mutation is of what runs at import, or changes which outer variables the function uses.
    """
    path = str(ROOT / mutant.file)
    exchanged = False
    for code in _outermost(_compiled(mutant)):
        for function in present.get((path, code.co_qualname, code.co_firstlineno), ()):
            if function.__code__.co_freevars != code.co_freevars:
                return False
            if mutant.function == code.co_qualname or mutant.function.startswith(f"{code.co_qualname}."):
                function.__code__ = code
                exchanged = True
    return exchanged


def exchange_all(path: str, tree: ast.Module, present: Functions) -> None:
    """Give all functions of a file the code that they have in another tree of it."""
    for code in _outermost(compile(tree, path, "exec")):
        for function in present.get((path, code.co_qualname, code.co_firstlineno), ()):
            if function.__code__.co_freevars == code.co_freevars:
                function.__code__ = code


def import_mutated(mutant: Mutant) -> None:
    """Let the module of a mutant, not imported so far, be imported as mutated."""
    sys.meta_path.insert(0, _Mutated(mutant))


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, mutant: Mutant) -> None:
        self._name = module_of(Path(mutant.file))
        self._path = ROOT / mutant.file
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del path, target
        if fullname != self._name:
            return None
        places = [str(self._path.parent)] if self._path.name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            fullname, self._path, loader=self, submodule_search_locations=places
        )

    def exec_module(self, module: ModuleType) -> None:
        exec(_compiled(self._mutant), module.__dict__)  # noqa: S102 - the product's own source, changed


def _compiled(mutant: Mutant) -> CodeType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # `1 is not x` and the like are what a mutation may make
        return compile(mutant.apply(), str(ROOT / mutant.file), "exec")


def _outermost(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of the functions and methods of a module, and not of those in them."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 1:  # CO_OPTIMIZED: a function, and not the body of a class
                yield constant
            else:
                yield from _outermost(constant)
