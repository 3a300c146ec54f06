"""Rules of the house that ruff cannot express, each shown to be able to fail."""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config import settings
from storyclip.domain.batch import OnFailure, Status
from storyclip.domain.clip import State
from storyclip.domain.dates.mode import Mode
from storyclip.domain.holder import Scope
from storyclip.domain.network import Network
from tests.migration_rules import short_locks_and_nothing_taken_away

ROOT = Path(__file__).parent.parent
MAX_LINES = 250
MAX_TEST_LINES = 400

STATUS_WORDS = {"waiting_confirmation", "verifying", "uploading"}
WORDS_IN_SQL = re.compile("'(" + "|".join(sorted({*State, *Status})) + ")'")
STATUS_WORDS_ARE_FINE_IN = (
    "storyclip/domain/clip.py",
    "storyclip/sandbox/",
    "storyclip/web/page/",
    "storyclip/store/migrations/",
)
HOME_OF_WORD: dict[str, str] = {
    **dict.fromkeys(Network, "storyclip/domain/network.py"),
    **dict.fromkeys(Mode, "storyclip/domain/dates/mode.py"),
    **dict.fromkeys(OnFailure, "storyclip/domain/batch.py"),
    **dict.fromkeys(Scope, "storyclip/domain/holder.py"),
}
CHOICES_IN_SQL = re.compile("'(" + "|".join(sorted(HOME_OF_WORD)) + ")'")
CHOICES_ARE_FINE_IN = (
    "storyclip/sandbox/",  # Metricool's words there, and it imports nothing of ours
    "storyclip/web/page/",
    "storyclip/store/migrations/",
)
HOMONYMS = {
    ("storyclip/domain/batch.py", Mode.SCHEDULED),  # a phase has the same word
    ("storyclip/domain/user.py", Scope.ADMIN),  # a role
}
SLEEP_IS_FINE_IN = (
    "storyclip/cli/",
    "storyclip/stack/",
    "storyclip/sandbox/",
    "storyclip/web/factory.py",  # these two hand over how something is waited for
    "worker.py",
)
SAVE_IS_FINE_IN = ("storyclip/media/picture_reader.py",)  # no rows there
DOCSTRINGS_ARE_DUE_IN = tuple(
    f"storyclip/{room}/"
    for room in ("flow", "webhooks", "store", "upstream", "line", "domain", "progress", "media")
)
ENVIRONMENT_IS_READ_IN = ("config/", "storyclip/sandbox/")

# "storyclip/room/file.py:function": why it may catch everything and carry on.
CATCHES_EVERYTHING: dict[str, str] = {}

Rule = Callable[[str, str], Iterator[str]]


def no_whole_row_save(path: str, source: str) -> Iterator[str]:
    """`.save()` writes every column over what others wrote meanwhile: use `record` or `UPDATE`."""
    if path in SAVE_IS_FINE_IN:
        return
    for call in _calls(source):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "save":
            yield f"{path}:{call.lineno}: .save() overwrites other writers"


def no_status_word(path: str, source: str) -> Iterator[str]:
    """A clip's status is named in domain/clip.py; elsewhere it is `State.UPLOADING`."""
    if path.startswith(STATUS_WORDS_ARE_FINE_IN):
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        if node.value in STATUS_WORDS or WORDS_IN_SQL.search(node.value):
            yield f"{path}:{node.lineno}: {node.value!r} belongs to storyclip/domain/clip.py"


def no_word_of_a_choice(path: str, source: str) -> Iterator[str]:
    """Networks, modes, scopes and what a failure does are named once; elsewhere: `Mode.NOW`."""
    if path.startswith(CHOICES_ARE_FINE_IN):
        return
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            continue
        words = {node.value} & HOME_OF_WORD.keys() or CHOICES_IN_SQL.findall(node.value)
        for word in words:
            if path != HOME_OF_WORD[word] and (path, word) not in HOMONYMS:
                yield f"{path}:{node.lineno}: {word!r} belongs to {HOME_OF_WORD[word]}"


def one_sitting(path: str, source: str) -> Iterator[str]:
    """A module is read in one sitting."""
    lines, most = source.count("\n"), MAX_TEST_LINES if path.startswith("tests/") else MAX_LINES
    if lines > most:
        yield f"{path}: {lines} lines, more than {most}"


def nothing_swallowed(path: str, source: str) -> Iterator[str]:
    """Catching everything to carry on lets silence become success."""
    for function, node in _in_functions(ast.parse(source)):
        if f"{path}:{function}" in CATCHES_EVERYTHING:
            continue
        if isinstance(node, ast.ExceptHandler) and _is_everything(node.type) and not _raises(node):
            yield f"{path}:{node.lineno}: {function} catches everything and carries on"
        if (
            isinstance(node, ast.Call)
            and ast.unparse(node.func).split(".")[-1] == "suppress"
            and any(_is_everything(argument) for argument in node.args)
        ):
            yield f"{path}:{node.lineno}: {function} suppresses everything"


def no_sleep(path: str, source: str) -> Iterator[str]:
    """Who must wait writes `next_at` into the row, or waits for an event that can be set."""
    if path.startswith(SLEEP_IS_FINE_IN):
        return
    tree = ast.parse(source)
    imported = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "time"
        and any(alias.name == "sleep" for alias in node.names)
        for node in ast.walk(tree)
    )
    for node in ast.walk(tree):  # called here, or handed over to whoever calls it
        if not isinstance(node, ast.Attribute | ast.Name):
            continue
        name = ast.unparse(node)
        if name == "time.sleep" or (imported and name == "sleep"):
            yield f"{path}:{node.lineno}: sleeps"


def environment_read_in_config_alone(path: str, source: str) -> Iterator[str]:
    """TID251 lets the mains read the clock, and with it the environment; this does not."""
    if path.startswith(ENVIRONMENT_IS_READ_IN):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
            yield f"{path}:{node.lineno}: reads the environment"
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            for alias in node.names:
                if alias.name in ("environ", "getenv"):
                    yield f"{path}:{node.lineno}: reads the environment"


def domain_on_its_own(path: str, source: str) -> Iterator[str]:
    """What is true needs no library."""
    if not path.startswith("storyclip/domain/"):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module or ""]
        else:
            continue
        for module in modules:
            ours = module == "storyclip.domain" or module.startswith("storyclip.domain.")
            if not ours and module.split(".")[0] not in sys.stdlib_module_names:
                yield f"{path}:{node.lineno}: imports {module}"


def said_what_the_name_cannot(path: str, source: str) -> Iterator[str]:
    """Public functions and classes of these rooms have a docstring; methods may do without."""
    if not path.startswith(DOCSTRINGS_ARE_DUE_IN) or "/migrations/" in path:
        return
    for node in ast.parse(source).body:
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and not node.name.startswith("_")
            and "overload" not in map(ast.unparse, node.decorator_list)
            and not ast.get_docstring(node)
        ):
            yield f"{path}:{node.lineno}: {node.name} has no docstring"


def children_told_their_environment(path: str, source: str) -> Iterator[str]:
    """Without `env` a child has all of ours, and with it every secret of the shell."""
    if not path.startswith(("storyclip/", "config/")) or path.startswith("storyclip/sandbox/"):
        return
    for call in _calls(source):
        started = ast.unparse(call.func) in ("subprocess.Popen", "subprocess.run")
        if started and not any(keyword.arg == "env" for keyword in call.keywords):
            yield f"{path}:{call.lineno}: a child inherits everything"


def clean_consoles(path: str, source: str) -> Iterator[str]:
    """Rich sends a terminal whatever it is given; our console does not."""
    if not path.startswith("storyclip/"):
        return
    for call in _calls(source):
        if ast.unparse(call.func) in ("Console", "console.Console", "rich.console.Console"):
            yield f"{path}:{call.lineno}: a console that passes on what a terminal would obey"


BROKEN: dict[Rule, tuple[str, str]] = {
    no_whole_row_save: ("storyclip/store/x.py", "clip.save()\n"),
    no_status_word: ("storyclip/flow/x.py", 'state = "verifying"\n'),
    no_word_of_a_choice: ("storyclip/flow/x.py", 'if network == "instagram":\n    pass\n'),
    one_sitting: ("storyclip/flow/x.py", "x = 1\n" * (MAX_LINES + 1)),
    nothing_swallowed: ("storyclip/flow/x.py", "try:\n    f()\nexcept Exception:\n    log()\n"),
    no_sleep: ("storyclip/flow/x.py", "import time\ntime.sleep(1)\n"),
    environment_read_in_config_alone: ("app.py", 'import os\nport = os.environ["PORT"]\n'),
    domain_on_its_own: ("storyclip/domain/x.py", "import pydantic\n"),
    said_what_the_name_cannot: ("storyclip/flow/x.py", "def accept():\n    pass\n"),
    children_told_their_environment: ("storyclip/stack/x.py", 'subprocess.Popen(["x"])\n'),
    clean_consoles: ("storyclip/cli/x.py", "Console(stderr=True)\n"),
    short_locks_and_nothing_taken_away: (
        "storyclip/store/migrations/9000_x.py",
        'db.execute_sql("ALTER TABLE lanes ADD COLUMN x TEXT NOT NULL")\n',
    ),
}
ALSO_BROKEN: list[tuple[Rule, str, str]] = [
    (nothing_swallowed, "storyclip/flow/x.py", "try:\n    f()\nexcept:\n    pass\n"),
    (
        nothing_swallowed,
        "storyclip/x.py",
        "try:\n    f()\nexcept (OSError, Exception):\n    pass\n",
    ),
    (nothing_swallowed, "storyclip/x.py", "with contextlib.suppress(Exception):\n    f()\n"),
    (no_sleep, "storyclip/flow/x.py", "from time import sleep\nsleep(1)\n"),
    (environment_read_in_config_alone, "worker.py", "from os import environ\n"),
    (domain_on_its_own, "storyclip/domain/x.py", "from config.settings import Settings\n"),
    (domain_on_its_own, "storyclip/domain/x.py", "from storyclip.store import clips\n"),
    (no_sleep, "storyclip/flow/x.py", "import time\nwait(time.sleep)\n"),
    (no_status_word, "storyclip/store/x.py", "run(\"SELECT 1 WHERE status = 'failed'\")\n"),
    (no_word_of_a_choice, "storyclip/store/x.py", "run(\"SELECT 1 WHERE mode <> 'now'\")\n"),
    (no_word_of_a_choice, "config/x.py", 'SCOPES = {"publish", "read"}\n'),
    (no_word_of_a_choice, "storyclip/domain/batch.py", 'mode = "bestTime"\n'),
    (no_word_of_a_choice, "storyclip/web/said/x.py", 'choice: Literal["continue"]\n'),
    (one_sitting, "tests/flow/test_x.py", "x = 1\n" * (MAX_TEST_LINES + 1)),
]
FINE: list[tuple[Rule, str, str]] = [
    (no_whole_row_save, "storyclip/store/x.py", "clip.update(state=1).execute()\n"),
    (no_whole_row_save, "storyclip/media/picture_reader.py", 'picture.save(out, "JPEG")\n'),
    (no_status_word, "storyclip/domain/clip.py", 'VERIFYING = "verifying"\n'),
    (no_word_of_a_choice, "storyclip/domain/holder.py", 'READ = "read"\n'),
    (no_word_of_a_choice, "storyclip/flow/x.py", 'words = "it is sent now"\n'),
    (no_word_of_a_choice, "storyclip/sandbox/x.py", 'network == "facebook"\n'),
    (one_sitting, "storyclip/flow/x.py", "x = 1\n" * MAX_LINES),
    (nothing_swallowed, "storyclip/x.py", "try:\n    f()\nexcept Exception:\n    raise\n"),
    (nothing_swallowed, "storyclip/x.py", "try:\n    f()\nexcept OSError:\n    pass\n"),
    (no_sleep, "storyclip/stack/x.py", "import time\ntime.sleep(1)\n"),
    (no_sleep, "storyclip/flow/x.py", "def sleep():\n    pass\n\n\nsleep()\n"),
    (environment_read_in_config_alone, "config/settings.py", "import os\nos.environ\n"),
    (domain_on_its_own, "storyclip/domain/x.py", "import re\nfrom storyclip.domain import clip\n"),
    (domain_on_its_own, "storyclip/flow/x.py", "import peewee\n"),
    (said_what_the_name_cannot, "storyclip/flow/x.py", 'def f():\n    """Do it."""\n'),
    (said_what_the_name_cannot, "storyclip/flow/x.py", "def _f():\n    pass\n"),
    (said_what_the_name_cannot, "storyclip/flow/x.py", "@overload\ndef f(): ...\n"),
]


def _calls(source: str) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def _in_functions(node: ast.AST, function: str = "module") -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        inside = function
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = child.name
        yield inside, child
        yield from _in_functions(child, inside)


def _is_everything(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_everything(element) for element in caught.elts)
    return caught is None or ast.unparse(caught).split(".")[-1] in ("Exception", "BaseException")


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _sources() -> Iterator[tuple[str, str]]:
    patterns = ("storyclip/**/*.py", "config/**/*.py", "app.py", "worker.py")
    for file in sorted(file for pattern in patterns for file in ROOT.glob(pattern)):
        yield file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8")


def _names_in(text: str) -> set[str]:
    return set(re.findall(r"\bSTORYCLIP_[A-Z0-9_]*[A-Z0-9]", text))


def _names_in_settings() -> set[str]:
    return {name for name in settings.names() if name.startswith("STORYCLIP_")}


def _targets_without_help(makefile: str) -> list[str]:
    lines = re.findall(r"^([a-z][a-z-]*):(?!=)(.*)$", makefile, re.MULTILINE)
    return [target for target, rest in lines if "## " not in rest]


@pytest.mark.parametrize("place", ["app.py", "worker.py", "config/", "storyclip/flow/"])
def test_the_rules_look_at(place):
    assert any(path.startswith(place) for path, _ in _sources())


def test_no_test_is_longer_than_one_sitting():
    files = [
        (file.relative_to(ROOT).as_posix(), file.read_text()) for file in ROOT.glob("tests/**/*.py")
    ]

    assert [problem for path, source in files for problem in one_sitting(path, source)] == []


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_the_house_keeps(rule):
    broken = [problem for path, source in _sources() for problem in rule(path, source)]

    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_a_breach_is_noticed_by(rule):
    path, source = BROKEN[rule]

    assert list(rule(path, source))


@pytest.mark.parametrize(("rule", "path", "source"), ALSO_BROKEN)
def test_another_breach_is_noticed(rule, path, source):
    assert list(rule(path, source))


@pytest.mark.parametrize(("rule", "path", "source"), FINE)
def test_what_is_allowed_passes(rule, path, source):
    assert list(rule(path, source)) == []


def test_no_allowance_outlives_its_reason():
    swallowing = {
        f"{path}:{function}"
        for path, source in _sources()
        for function, node in _in_functions(ast.parse(source))
        if isinstance(node, ast.ExceptHandler | ast.Call)
    }

    assert set(CATCHES_EVERYTHING) <= swallowing
    assert all(CATCHES_EVERYTHING.values())


@pytest.mark.parametrize("file", ["README.md", "config/storyclip.env.example"])
def test_every_setting_that_is_written_about_exists(file):
    mentioned = _names_in((ROOT / file).read_text(encoding="utf-8"))

    assert mentioned - _names_in_settings() == set()


def test_every_setting_is_in_the_example():
    example = (ROOT / "config/storyclip.env.example").read_text(encoding="utf-8")

    assert [name for name in settings.names() if f"#{name}=" not in example] == []


def test_a_made_up_setting_would_be_noticed():
    assert _names_in("set `STORYCLIP_LEED_S` or STORYCLIP_*") - _names_in_settings() == {
        "STORYCLIP_LEED_S"
    }


def test_every_make_target_has_a_line_of_help():
    assert _targets_without_help((ROOT / "Makefile").read_text(encoding="utf-8")) == []


def test_a_make_target_without_help_is_noticed():
    assert _targets_without_help("run: x ## run it\nlost: x\n\techo\nPY := a\n") == ["lost"]
