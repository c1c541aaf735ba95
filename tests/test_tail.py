"""The worst of the code stays readable: ceilings on files, functions, nesting, swallowed failures and package sizes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.sources import TREES, Source, files, parse, sources
from tests.support.tail import (
    FILE_LINES,
    FUNCTION_LINES,
    PROCESS_EDGES,
    blanket_excepts,
    deep_functions,
    long_file,
    long_functions,
    small_packages,
)

Rule = Callable[[Source], Iterator[str]]
RULES: tuple[Rule, ...] = (long_file, long_functions, deep_functions, blanket_excepts)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_breaks(rule: Rule) -> None:
    found = [line for source in sources(*TREES, "tests") for line in rule(source)]
    assert not found, "\n" + "\n".join(found)


def test_every_package_has_enough_files() -> None:
    found = list(small_packages(files(*TREES)))
    assert not found, "\n" + "\n".join(found)


def test_the_process_edges_exist() -> None:
    paths = {source.path for source in sources(*TREES, "tests")}
    assert PROCESS_EDGES.keys() <= paths


def test_a_file_one_line_too_long_is_caught() -> None:
    assert list(long_file(parse("x = 1\n" * FILE_LINES, "a.py"))) == []
    assert "has 451 lines" in next(long_file(parse("x = 1\n" * (FILE_LINES + 1), "a.py")))


def test_a_function_one_line_too_long_is_caught() -> None:
    fits = "@decorated\ndef f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)
    assert list(long_functions(parse(fits, "a.py"))) == []
    assert list(long_functions(parse(fits + "    x = 1\n", "a.py"))) == [
        "a.py:2 f() has 61 lines, 60 at most: name its parts"
    ]
    assert list(long_functions(parse(fits.replace("def", "async def") + "    x = 1\n", "a.py")))


FOUR_DEEP = """
def f(rows):
    for row in rows:
        if row:
            with row:
                try:
                    pass
                finally:
                    pass
"""
IN_A_METHOD = "class A:\n" + "\n".join("    " + line for line in FOUR_DEEP.splitlines())
ELIF_CHAIN = """
def f(x):
    if x == 1:
        return 1
    elif x == 2:
        return 2
    elif x == 3:
        return 3
    elif x == 4:
        return 4
"""
ELSE_IF_CHAIN = """
def f(x):
    if x == 1:
        return 1
    else:
        if x == 2:
            return 2
        else:
            if x == 3:
                return 3
            else:
                if x == 4:
                    return 4
"""
FUNCTION_INSIDE = """
def f(rows):
    for row in rows:
        if row:
            def g(cell):
                for x in cell:
                    if x:
                        return x
"""


@pytest.mark.parametrize(
    ("text", "depths"),
    [(FOUR_DEEP, [4]), (IN_A_METHOD, [4]), (ELSE_IF_CHAIN, [4]), (ELIF_CHAIN, []), (FUNCTION_INSIDE, [])],
    ids=["blocks", "method", "else-if", "elif", "function-inside"],
)
def test_nesting_is_counted(text: str, depths: list[int]) -> None:
    found = list(deep_functions(parse(text, "a.py")))
    assert len(found) == len(depths)
    assert all(f"nests {depth} deep" in line for line, depth in zip(found, depths, strict=True))


@pytest.mark.parametrize(
    ("handler", "caught"),
    [
        ("except:", True),
        ("except Exception:", True),
        ("except BaseException as error:", True),
        ("except (ValueError, Exception):", True),
        ("except builtins.Exception:", True),
        ("except ValueError:", False),
        ("except (OSError, ValueError) as error:", False),
    ],
)
def test_blanket_excepts_are_caught(handler: str, caught: bool) -> None:
    source = parse(f"try:\n    pass\n{handler}\n    pass\n", "a.py")
    assert [line.split()[0] for line in blanket_excepts(source)] == (["a.py:3"] if caught else [])


def test_a_blanket_suppress_is_caught() -> None:
    assert list(blanket_excepts(parse("with contextlib.suppress(Exception):\n    pass\n", "a.py")))
    assert not list(blanket_excepts(parse("with suppress(FileNotFoundError):\n    pass\n", "a.py")))


def test_a_package_before_its_time_is_caught() -> None:
    small = ["dispatch/attic/__init__.py", "dispatch/attic/box.py"]
    assert "dispatch/attic/ has 2 of at least 3 files" in next(small_packages(small, growing={}))
    assert list(small_packages(small, growing={"dispatch/attic": "soon"})) == []


@pytest.mark.parametrize("third", ["dispatch/attic/old.py", "dispatch/attic/words.toml", "dispatch/attic/old/box.py"])
def test_modules_data_and_folders_make_a_package_grow(third: str) -> None:
    grown = ["dispatch/attic/__init__.py", "dispatch/attic/box.py", third]
    assert list(small_packages(grown, growing={})) == []
    assert "take it out of GROWING" in next(small_packages(grown, growing={"dispatch/attic": "soon"}))


def test_an_excuse_for_a_package_that_is_gone_is_caught() -> None:
    assert "take it out of GROWING" in next(small_packages([], growing={"dispatch/attic": "soon"}))
