"""Is the tree what the architecture says? The rules of CONTRIBUTING.md that a program can check."""

from __future__ import annotations

import ast
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
CPP = REPOSITORY / "cpp"
LEVELS = ("base", "formulas", "kernels", "network", "bindings")
MAX_LINES = 500

CPP_FILES = sorted(p for p in CPP.rglob("*") if p.suffix in {".cpp", ".hpp", ".inl"})
PYTHON_FILES = sorted(
    p for folder in ("python", "tests", "bench") for p in (REPOSITORY / folder).rglob("*.py")
)
ALL_FILES = [
    *CPP_FILES,
    *PYTHON_FILES,
    *sorted(p for folder in ("tests", "bench") for p in (REPOSITORY / folder).rglob("*.?pp")),
]

# Python modules whose public names come from the lists of the core: one test walks all lists.
REGISTRY_MODULES = {"activations", "initializers", "losses", "optimizers"}
# Packages whose members are all tested by the same tests.
FAMILIES = {"metrics"}


def name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def level(path: Path) -> int:
    return LEVELS.index(path.relative_to(CPP).parts[0])


def without_comments_and_strings(text: str) -> str:
    raw_string, string, char = r'R"(\w*)\(.*?\)\1"', r'"(?:\\.|[^"\\\n])*"', r"'(?:\\.|[^'\\\n])'"
    pattern = rf"{raw_string}|{string}|{char}|//[^\n]*|/\*.*?\*/"
    # As many lines as before, so that a finding still has its line number.
    return re.sub(pattern, lambda m: '""' + "\n" * m[0].count("\n"), text, flags=re.DOTALL)


def includes(path: Path) -> list[str]:
    """All included names, `<vector>` with its brackets and `base/index.hpp` without quotes."""
    found = re.findall(r'^\s*#\s*include\s+(?:"([^"]+)"|(<[^>]+>))', path.read_text(), re.MULTILINE)
    return [quoted or angled for quoted, angled in found]


def offenders(pattern: str, files: list[Path]) -> list[str]:
    return [
        f"{name(path)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(
            without_comments_and_strings(path.read_text()).splitlines(), start=1
        )
        if re.search(pattern, line)
    ]


def in_isa(path: Path) -> bool:
    return path.parent == CPP / "kernels" / "isa"


def test_every_source_lies_in_a_level() -> None:
    assert CPP_FILES
    assert {path.relative_to(CPP).parts[0] for path in CPP_FILES} <= set(LEVELS)


def test_includes_point_downwards() -> None:
    for path in CPP_FILES:
        own = [i for i in includes(path) if not i.startswith("<")]
        assert [i for i in own if not (CPP / i).is_file()] == [], f"{name(path)}: not under cpp/"
        assert [i for i in own if level(CPP / i) > level(path)] == [], f"{name(path)}: upwards"


def test_kernel_bodies_are_private_to_the_kernels() -> None:
    for path in CPP_FILES:
        if level(path) != LEVELS.index("kernels"):
            bodies = [
                i for i in includes(path) if i.startswith(("kernels/generic/", "kernels/isa/"))
            ]
            assert bodies == [], name(path)


def test_bodies_include_bodies_only() -> None:
    # A standard or project header inside a target region would be compiled for the wrong processor.
    for path in CPP_FILES:
        if path.suffix == ".inl":
            assert [i for i in includes(path) if not i.endswith(".inl")] == [], name(path)


def test_intrinsics_only_in_isa() -> None:
    outside = [path for path in CPP_FILES if not in_isa(path)]
    headers = {"<immintrin.h>", "<x86intrin.h>", "<arm_neon.h>", "<arm_acle.h>", "<cpuid.h>"}
    for path in outside:
        assert headers.isdisjoint(includes(path)), name(path)
    intrinsic = r"\b(_mm\d*_\w+|__m(64|128|256|512)[di]?|u?(int|float)\d+x\d+_t)\b"
    region = r"pragma\s+(GCC\s+(push_options|target|optimize)|clang\s+attribute)|\btarget\s*\("
    assert offenders(f"{intrinsic}|{region}", outside) == []


def test_pybind11_only_in_bindings() -> None:
    below = [path for path in CPP_FILES if path.relative_to(CPP).parts[0] != "bindings"]
    for path in below:
        assert not any(re.search(r"pybind11|Python\.h", i) for i in includes(path)), name(path)
    assert offenders(r"\bpy(bind11)?::|\bPy[A-Z]\w+", below) == []


def test_no_forbidden_words() -> None:
    words = r"\bnew\b|(?<!= )\bdelete\b|\b(m|c|re)alloc\b|\b\w*printf\b|\bstd::(cout|cerr|clog)\b"
    ends = r"\b(abort|terminate|exit|_Exit|quick_exit)\s*\("
    found = offenders(f"{words}|{ends}", CPP_FILES)
    assert [line for line in found if not line.endswith("#include <new>")] == []


def test_files_are_short() -> None:
    for path in ALL_FILES:
        n_lines = len(path.read_text().splitlines())
        assert n_lines <= MAX_LINES, f"{name(path)} has {n_lines} lines: split it"


def test_files_open_with_their_question() -> None:
    for path in CPP_FILES:
        if path.suffix != ".cpp":
            assert path.read_text().startswith("// "), f"{name(path)}: say what it answers"
    for path in PYTHON_FILES:
        assert ast.get_docstring(ast.parse(path.read_text())), f"{name(path)}: say what it answers"


def test_cmake_names_every_source() -> None:
    cmake = (REPOSITORY / "CMakeLists.txt").read_text()
    listed = set(re.findall(r"\b((?:cpp|tests/cpp)/[\w/]+\.cpp)", cmake))
    written = {
        name(p) for folder in ("cpp", "tests/cpp") for p in (REPOSITORY / folder).rglob("*.cpp")
    }
    assert listed == written


def test_every_cpp_source_has_its_test() -> None:
    # Bindings are tested from Python; tier files only compile kernels/generic, and every tier is
    # tested through its tables.
    tiers = {
        CPP / "kernels" / "isa" / f"{tier}.cpp" for tier in ("scalar", "avx2", "avx512", "neon")
    }
    mirrored = [
        path.relative_to(REPOSITORY)
        for path in CPP_FILES
        if path.suffix == ".cpp" and level(path) < LEVELS.index("bindings") and path not in tiers
    ]
    expected = [REPOSITORY / "tests" / path.parent / f"test_{path.name}" for path in mirrored]
    assert [name(path) for path in expected if not path.is_file()] == []


def test_every_cpp_test_has_its_source() -> None:
    tests = REPOSITORY / "tests" / "cpp"
    sources = {path.relative_to(CPP).with_suffix("") for path in CPP_FILES}
    mirrored = {
        path: path.relative_to(tests).with_name(path.stem.removeprefix("test_"))
        for path in tests.rglob("test_*.cpp")
    }
    assert [name(path) for path, source in mirrored.items() if source not in sources] == []


def its_test(module: Path) -> Path:
    """The test of a module: of `_arrays.py` it is `test_arrays.py`, and a package is a module."""
    if module.name == "__init__.py" or module.parent.name in FAMILIES:
        module = module.parent
    stem = module.stem.removeprefix("_")
    shared = "registries" if stem in REGISTRY_MODULES else stem
    folder = module.parent.relative_to(REPOSITORY / "python" / "chainrule")
    return REPOSITORY / "tests" / "python" / folder / f"test_{shared}.py"


def test_every_python_module_has_its_test() -> None:
    package = REPOSITORY / "python" / "chainrule"
    without = {package / name for name in ("__init__.py", "__main__.py", "_version.py")}
    expected = {its_test(path) for path in package.rglob("*.py") if path not in without}
    assert sorted(name(path) for path in expected if not path.is_file()) == []


def test_the_extension_is_imported_by_the_package_only() -> None:
    package = REPOSITORY / "python" / "chainrule"
    for path in PYTHON_FILES:
        if package in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [f"{node.value.id}.{node.attr}"]
            for imported in names:
                assert not re.match(r"(chainrule|cr)\._core\b", imported), name(path)


def test_tests_that_the_guide_names_exist() -> None:
    guide = (REPOSITORY / "tests" / "README.md").read_text()
    rows = re.findall(r"^\| .*? \| .*?#\d.*? \| (.*) \|$", guide, re.MULTILINE)
    named = {test for row in rows for test in re.findall(r"`(\w+)`", row)}
    written = {
        test
        for path in (REPOSITORY / "tests").rglob("test_*")
        if path.suffix in {".cpp", ".py"}
        for test in re.findall(r"^(?:TEST\(|def (?=test_))(\w+)", path.read_text(), re.MULTILINE)
    }
    assert len(rows) > 20
    assert named - written == set()
