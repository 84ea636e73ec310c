"""How modules present themselves: a sign on the door, a name that says something, a size one can read."""

import ast

import pytest

from tests.house.reading import Module

NAMES_THAT_SAY_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "base",
    "tools",
    "stuff",
    "shared",
}
LINES = 400


def sign_faults(module):
    """A module without the sign on its door."""
    sign = ast.get_docstring(module.tree) or ""
    is_empty_package = module.name.endswith("__init__") and len(module.tree.body) <= 1
    if not is_empty_package and not ("Belongs here" in sign and "Does not" in sign):
        yield f"{module.name}: its docstring says what belongs here and what does not"


def name_faults(module):
    """A module named after nothing."""
    found = NAMES_THAT_SAY_NOTHING & set(module.name.split("."))
    if found:
        yield f"{module.name}: {', '.join(found)} says nothing about what is inside"


def length_faults(module):
    """A module that does too much."""
    lines = len(module.source.splitlines())
    if lines > LINES:
        yield f"{module.name} has {lines} lines, {LINES} are the most; split it by what belongs together"


def catch_alls(module):
    """Handlers that would swallow an interruption too."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield f"{module.name}:{node.lineno} catches everything, an interruption too"


def late_imports(module):
    """Imports inside functions, in a module whose sign gives no reason."""
    is_explained = "Late imports:" in (ast.get_docstring(module.tree) or "")
    for function in ast.walk(module.tree):
        for node in ast.walk(function) if isinstance(function, ast.FunctionDef) else ():
            if isinstance(node, ast.Import | ast.ImportFrom) and not is_explained:
                yield f"{module.name}:{node.lineno} imports inside a function; say why in the sign"


def names_in(module):
    """The module and every name it has at its top, dotted."""
    path = f"orchestration.{module.name}".removesuffix(".__init__")
    yield path
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield f"{path}.{node.name}"
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield f"{path}.{node.id}"
    yield from (f"{path}.{name.rpartition('.')[2]}" for name in module.imports)


def lost_imports(modules):
    """Imports of what the project does not have; one inside a function fails only when it is called."""
    names = {name for module in modules for name in names_in(module)}
    for module in modules:
        for name in sorted(module.imports):
            if name.startswith("orchestration.") and name not in names:
                yield f"{module.name} imports {name}, which is not there"


@pytest.mark.parametrize("rule", [sign_faults, name_faults, length_faults, catch_alls, late_imports])
def test_every_module_keeps(rule, modules):
    assert [found for module in modules for found in rule(module)] == []


def test_every_import_of_the_project_is_there(modules):
    assert list(lost_imports(modules)) == []


def test_an_import_of_what_moved_away_is_found_inside_a_function_too():
    fits = Module("fits.panel", "def read(): ...\n")
    moved = Module("assets.x", "def run():\n    from orchestration.warehouse import panel\n")
    renamed = Module("assets.y", "from orchestration.fits.panel import read_panel\n")
    right = Module(
        "assets.z", "from orchestration.fits import panel\nfrom orchestration.fits.panel import read\n"
    )
    assert len(list(lost_imports([fits, moved, renamed, right]))) == 2


@pytest.mark.parametrize(
    "sign",
    ["", '"""Loads."""', '"""Loads.\n\nBelongs here: loading."""', '"""Loads.\n\nDoes not: evaluating."""'],
)
def test_a_module_without_a_sign_is_found(sign):
    assert list(sign_faults(Module("loader.loading", f"{sign}\nx = 1\n")))


def test_a_sign_with_both_halves_is_enough():
    assert not list(
        sign_faults(Module("loader.loading", '"""Loads.\n\nBelongs here: a.\nDoes not: b.\n"""\nx = 1\n'))
    )


@pytest.mark.parametrize("name", ["core.utils", "loader.helpers", "warehouse.common.lock"])
def test_a_name_that_says_nothing_is_found(name):
    assert list(name_faults(Module(name, "")))


def test_a_module_that_is_too_long_is_found():
    assert list(length_faults(Module("loader.loading", "x = 1\n" * (LINES + 1))))
    assert not list(length_faults(Module("loader.loading", "x = 1\n" * LINES)))


def test_a_handler_that_catches_everything_is_found():
    assert list(catch_alls(Module("cli", "try:\n    run()\nexcept:\n    pass\n")))


def test_an_import_inside_a_function_without_a_reason_is_found():
    planted = "def run():\n    import dagster\n"
    assert list(late_imports(Module("cli.run", planted)))
    assert not list(late_imports(Module("cli.run", f'"""Runs.\n\nLate imports: slow.\n"""\n{planted}')))
    assert not list(late_imports(Module("cli.run", "import dagster\n")))


def test_imports_are_absolute_so_that_the_matrix_sees_them():
    with pytest.raises(AssertionError, match="absolute"):
        _ = Module("core.x", "from . import errors").imports
