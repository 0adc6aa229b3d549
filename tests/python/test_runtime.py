"""Is the library a good neighbour: threads, environment, fork, floating-point state, import?"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import chainrule as cr
from helpers import run_code, run_python, state_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ISAS = re.search(r"\(available: (.*)\)", cr.runtime.config()["kernels"])[1].split(", ")
SHOW = "import chainrule as cr; cr.show_config()"

# The variables that choose, away.
PLAIN = {"CHAINRULE_ISA": "", "CHAINRULE_NUM_THREADS": "", "OMP_NUM_THREADS": ""}


def shown(text: str) -> dict[str, str]:
    """What show_config printed."""
    return dict(re.split(r" {2,}", line, maxsplit=1) for line in text.splitlines())


# ---- Configuration -------------------------------------------------------------------------------


def test_the_configuration_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    cr.show_config()
    found = shown(capsys.readouterr().out)
    expected = [
        "chainrule",
        "kernels",
        "threads",
        "compiler",
        "python",
        "numpy",
        "machine",
        "notices",
    ]
    assert list(found) == expected
    assert found["chainrule"] == cr.__version__
    assert found["numpy"] == np.__version__
    assert found["threads"] == str(cr.get_num_threads())


def test_the_number_of_threads_can_be_set() -> None:
    before = cr.get_num_threads()
    try:
        for n in (1, 3, np.int64(1024)):
            cr.set_num_threads(n)
            assert cr.get_num_threads() == n
    finally:
        cr.set_num_threads(before)


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        ({"CHAINRULE_NUM_THREADS": "1"}, 1),
        ({"CHAINRULE_NUM_THREADS": "7"}, 7),
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"CHAINRULE_NUM_THREADS": "3", "OMP_NUM_THREADS": "1"}, 3),
    ],
)
def test_the_environment_gives_the_number_of_threads(
    environment: dict[str, str], threads: int
) -> None:
    assert shown(run_code(SHOW, **(PLAIN | environment)))["threads"] == str(threads)


def test_the_default_number_of_threads_stays_within_the_affinity_mask() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" + SHOW
    assert shown(run_code(code, **PLAIN))["threads"] == "1"


@pytest.mark.parametrize("isa", ISAS)
def test_the_environment_gives_the_kernels(isa: str) -> None:
    found = shown(run_code(SHOW, **(PLAIN | {"CHAINRULE_ISA": isa})))
    assert found["kernels"].split()[0] == isa
    assert found["notices"] == "none"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAINRULE_ISA", "sse9"),
        ("CHAINRULE_NUM_THREADS", "many"),
        ("CHAINRULE_NUM_THREADS", "0"),
        ("CHAINRULE_NUM_THREADS", "-2"),
        ("CHAINRULE_NUM_THREADS", "1025"),
        ("CHAINRULE_NUM_THREADS", "\udc80"),
        ("CHAINRULE_ISA", "\udc80"),
    ],
)
def test_a_variable_that_cannot_be_followed_warns_once(name: str, value: str) -> None:
    code = (
        "import warnings, chainrule as cr\n"
        "with warnings.catch_warnings(record=True) as caught:\n"
        "    warnings.simplefilter('always')\n"
        "    cr.show_config(); cr.get_num_threads(); cr.show_config()\n"
        "    cr.mlp([2, 1]).fit([[1, 2]], [3])\n"
        "for w in caught: print('WARNING', w.category.__name__, w.filename, w.message)"
    )
    printed = run_code(code, **(PLAIN | {name: value}))
    (warning,) = re.findall(r"^WARNING (\w+) (\S+) (.*)$", printed, re.MULTILINE)
    assert warning[0] == "RuntimeWarning"
    assert name in warning[2]
    assert os.fsencode(value).decode(errors="backslashreplace") in warning[2]
    assert warning[2] in printed.partition("WARNING")[0]  # among the notices, too


WRONG_KERNELS = """
import warnings, numpy as np, chainrule as cr
from chainrule import _testing
_testing.break_isa({isa!r})
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    net = cr.mlp([2, 1], seed=0)
(told,) = (str(w.message) for w in caught)
assert told == "The kernels of tier {isa} gave wrong results on this machine and are not used."
net.set_weights([[[2.0, 3.0]]], [[1.0]])
assert net.predict([[10.0, 100.0]]) == 321.0
cr.show_config()
"""


@pytest.mark.parametrize("isa", ISAS[:-1])
def test_kernels_that_are_wrong_are_passed_over(isa: str) -> None:
    found = shown(run_code(WRONG_KERNELS.format(isa=isa), **(PLAIN | {"CHAINRULE_ISA": isa})))
    assert found["kernels"].split()[0] == ISAS[ISAS.index(isa) + 1]
    assert found["notices"].startswith(f"The kernels of tier {isa} gave wrong results")


def test_without_right_kernels_there_is_no_network() -> None:
    code = f"""
import chainrule as cr
from chainrule import _testing
_testing.break_isa({ISAS[-1]!r})
for attempt in range(2):
    try:
        cr.mlp([2, 1])
    except RuntimeError as error:
        print(error)
"""
    printed = run_code(code, **(PLAIN | {"CHAINRULE_ISA": ISAS[-1]})).splitlines()
    told = f"The kernels of tier {ISAS[-1]} gave wrong results on this machine and are not used."
    assert printed == [told, told]


# ---- Import --------------------------------------------------------------------------------------


def test_import_starts_no_thread_and_leaves_numbers_alone() -> None:
    code = """
import os, numpy as np
def threads(): return len(os.listdir("/proc/self/task"))
def denormals(): return 5e-324 > 0, 5e-324 * 1.0 > 0, bool(np.float32(1e-45) * np.float32(1) > 0)
before = threads()
import chainrule as cr
print(threads() - before, *denormals())
net = cr.mlp([64, 256, 8], seed=0)
net.fit(np.ones((512, 64)), np.ones((512, 8)))
print(*denormals())
try: net.predict(np.ones((1, 3)))
except ValueError: print(*denormals())
"""
    assert run_code(code, CHAINRULE_NUM_THREADS="2").split() == ["0", *["True"] * 9]


SUB_INTERPRETER = """
import importlib, sys
name = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
interpreters = importlib.import_module(name)
code = "try: import chainrule\\nexcept ImportError as error: print(error, flush=True)"
interpreters.run_string(interpreters.create(), code)
"""


def test_a_sub_interpreter_is_told_that_it_cannot_import() -> None:
    assert "main interpreter" in run_code(SUB_INTERPRETER)


def test_import_needs_numpy_only() -> None:
    code = "import sys, chainrule; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = set(run_code(code).split())
    assert {"numpy", "chainrule"} <= loaded
    assert loaded.isdisjoint({"sklearn", "scipy", "matplotlib", "tqdm", "pandas", "safetensors"})


def test_the_module_is_a_command() -> None:
    assert run_python("-m", "chainrule", "--version").stdout == f"chainrule {cr.__version__}\n"


# ---- Exit ----------------------------------------------------------------------------------------

# The work of each call takes longer than the wait, so that its thread comes back after the end.
AT_EXIT = """
import threading, time, numpy as np, chainrule as cr
net = cr.mlp([64, 256, 10], seed=0)
x, y = np.ones((20000, 64)), np.ones((20000, 10))
def work():
    while True:
        {call}
for _ in range(2):
    threading.Thread(target=work, daemon=True).start()
time.sleep(0.2)
print("end")
"""


@pytest.mark.parametrize(
    "call", ["net.predict(x)", "net.copy().fit(x, y, batch_size=20000)", "net.evaluate(x, y)"]
)
def test_a_program_ends_while_its_daemon_threads_work(call: str) -> None:
    done = run_python("-c", AT_EXIT.format(call=call))
    assert (done.returncode, done.stdout, done.stderr) == (0, "end\n", "")


# ---- Fork ----------------------------------------------------------------------------------------

# Newer Pythons warn when a process with threads forks; that it works all the same is the point.
FORK = """
import os, signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import numpy as np, chainrule as cr
cr.set_num_threads(2)
draw = np.random.default_rng(0)
x, y = draw.standard_normal((2048, 64)), draw.standard_normal((2048, 8))
net = cr.mlp([64, 256, 8], seed=0)

def child_of(work):
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # a child that hangs is killed
        os._exit(0 if work() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

def same():
    twin = net.copy()
    twin.fit(x, y, epochs=2)
    return twin.to_bytes(optimizer=True) == fitted and (net.predict(x) == predicted).all()

net.fit(x, y)
predicted, twin = net.predict(x), net.copy()
twin.fit(x, y, epochs=2)
fitted = twin.to_bytes(optimizer=True)
for _ in range(3):
    child_of(same)  # the pool was used before
assert same()
child_of(lambda: child_of(same) is None and same())  # a child of a child

class Forks(cr.Callback):
    def on_epoch_end(self, run):
        child_of(lambda: run.network.predict(x).shape == (2048, 8) and same())
net.copy().fit(x, y, epochs=2, callbacks=[Forks()])
print("whole")
"""


def test_children_after_a_fork_predict_and_train() -> None:
    assert run_code(FORK) == "whole\n"


FORK_DURING_FIT = """
import os, signal, threading, time, warnings
warnings.simplefilter("ignore", DeprecationWarning)
import numpy as np, chainrule as cr
x, y = np.ones((4096, 32), np.float32), np.ones((4096, 2), np.float32)
net = cr.Network(32, [cr.Dense(256, "relu"), cr.Dense(2)], seed=0)
net.set_weights([net.weights[0], np.repeat(net.weights[1][:1], 2, 0)])  # outputs alike, for ever

class Ends(cr.Callback):
    def on_epoch_end(self, run):
        if ended: run.stop()

def child_works():
    twin, state = net.copy(), net.get_state()
    for outputs in (net.predict(x[:9]), twin.predict(x[:9])):
        if not (outputs[:, 0] == outputs[:, 1]).all(): return False
    twin.fit(x, y)
    net.set_weights(net.weights)
    return (state["layers.1.weight"][0] == state["layers.1.weight"][1]).all()

def predict():
    while not ended: net.predict(x)

ended = False
threads = [threading.Thread(target=predict) for _ in range(2)]
threads.append(threading.Thread(
    target=lambda: net.fit(x, y, epochs=10**9, batch_size=1024, callbacks=[Ends()])))
for thread in threads: thread.start()
time.sleep(0.1)
found = set()
for _ in range(10):
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that hangs is killed
        os._exit(0 if child_works() else 1)
    found.add(os.waitpid(child, 0)[1])
ended = True
for thread in threads: thread.join()
print(found)
"""


def test_a_fork_during_a_fit_leaves_children_a_whole_network() -> None:
    assert run_code(FORK_DURING_FIT) == "{0}\n"


def test_worker_processes_of_every_kind_work(tmp_path: Path) -> None:
    code = """
import os
for name in ("OMP_NUM_THREADS", "CHAINRULE_NUM_THREADS"): os.environ.pop(name, None)
import multiprocessing, warnings, joblib, numpy as np, chainrule as cr
warnings.simplefilter("ignore", DeprecationWarning)
def work(net):
    net.fit(np.ones((300, 4)), np.ones(300), epochs=2)
    return net.to_bytes(optimizer=True)
if __name__ == "__main__":
    net = cr.mlp([4, 32, 1], seed=0)
    net.fit(np.ones((300, 4)), np.ones(300))
    for method in ("fork", "forkserver", "spawn"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            found = set(pool.map(work, [net, net.copy()]))
        print(found == {work(net.copy())})
    loky = joblib.Parallel(n_jobs=2, backend="loky")
    print(set(loky(joblib.delayed(work)(n) for n in [net, net.copy()])) == {work(net.copy())})
    share = max(1, joblib.cpu_count() // 2)
    print(max(loky(joblib.delayed(cr.get_num_threads)() for _ in range(2))) <= share)
"""
    script = tmp_path / "work.py"
    script.write_text(code)
    done = run_python(str(script))
    assert (done.stdout.split(), done.stderr) == (["True"] * 5, "")


# ---- Threads -------------------------------------------------------------------------------------


def test_threads_that_do_everything_at_once_end_in_results_or_refusals() -> None:
    x = np.random.default_rng(0).standard_normal((256, 16))
    y = x[:, :4]
    net = cr.mlp([16, 32, 4], seed=0)
    calls: list[Callable[[], object]] = [
        lambda: net.predict(x),
        lambda: net.predict(x[:3]),
        lambda: net.fit(x, y, epochs=2),
        lambda: net.train_step(x, y, optimizer="sgd"),
        lambda: net.evaluate(x, y),
        lambda: net.trace(x[:4], y[:4]),
        lambda: net.gradients(x, y).inputs,
        lambda: net.apply(net.gradients(x, y)),
        lambda: (net.forward(x, training=True), net.backward(y)),
        lambda: net.set_weights(net.weights),
        lambda: net.set_state(net.get_state()),
        lambda: cr.from_bytes(net.to_bytes(optimizer=True)),
        lambda: net.copy().predict(x),
        net.initialize,
        net.reset_optimizer,
    ]
    unexpected: list[BaseException] = []

    def repeat(call: Callable[[], object]) -> None:
        for _ in range(25):
            try:
                call()
            except RuntimeError:
                pass  # the network is being trained, or has changed
            except BaseException as error:  # noqa: BLE001
                unexpected.append(error)

    threads = [threading.Thread(target=repeat, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    net.initialize()
    fresh = cr.mlp([16, 32, 4], seed=0)
    for each in (net, fresh):
        each.fit(x, y)
    assert state_bytes(net) == state_bytes(fresh)


def test_a_fit_goes_on_beside_predictions_without_a_pause() -> None:
    net, x = cr.mlp([64, 256, 256, 1], seed=0), np.ones((5000, 64), np.float32)
    ended = threading.Event()
    deadline = time.monotonic() + 30  # a fit that is never let in ends then, and fails

    def predict() -> None:
        while not ended.is_set() and time.monotonic() < deadline:
            net.predict(x)

    threads = [threading.Thread(target=predict) for _ in range(6)]
    for thread in threads:
        thread.start()
    net.fit(x, x[:, 0], batch_size=250)
    in_time = time.monotonic() < deadline
    ended.set()
    for thread in threads:
        thread.join()
    assert in_time
