"""Does memory grow from call to call? What is left when there is not enough of it?"""

from __future__ import annotations

import json
from pathlib import Path

from entries import ENTRIES
from helpers import run_code

TESTS = Path(__file__).resolve().parents[1]
PRELUDE = f"""
import sys
sys.path.insert(0, {str(TESTS)!r})
import numpy as np
import chainrule as cr
from entries import ENTRIES, X, Y, frozen
"""

# ---- Growth --------------------------------------------------------------------------------------

# The bytes that the C library has given out and not got back, to the byte: Python's objects are
# among them, and no cache of a thread keeps what was freed.
EXACT = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
GROWTH = """
import contextlib, ctypes, gc, json, tempfile

FIELDS = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in FIELDS.split()]
mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Info
gc.freeze()  # what is there already need not be looked at again

def held():
    gc.collect()
    info = mallinfo2()
    return info.uordblks + info.hblkhd

def growth(n, call):
    for _ in range(20):
        call()
    before = held()
    for _ in range(n):
        call()
    return held() - before

class Fails(cr.Callback):
    def on_batch_end(self, run):
        raise KeyError

def refuse(call, *arguments, **named):
    with contextlib.suppress(KeyError, ValueError):
        call(*arguments, **named)
        raise AssertionError

def reload(net):
    net.save(path)
    cr.load(path)

def more(net):
    out = np.empty_like(net.predict(X))
    return {
        "predict out": lambda: net.predict(X, out=out),
        "predict that is refused": lambda: refuse(net.predict, X[:, 1:]),
        "fit with a callback that fails": lambda: refuse(net.fit, X, Y, callbacks=[Fails()]),
        "fit a new network": lambda: cr.mlp([3, 4, 2], dtype=net.dtype, seed=0).fit(X, Y),
        "parameters": lambda: (net.weights, net.biases, repr(net)),
        "to_bytes": lambda: cr.from_bytes(net.to_bytes(optimizer=True)),
        "from_bytes that is refused": lambda: refuse(cr.from_bytes, net.to_bytes()[:-1]),
        "save": lambda: reload(net),
        "copy": net.copy,
    }

def times(name):
    if "predict" in name:
        return 10_000
    return 100 if name.startswith(("fit", "save", "trace")) else 200

with tempfile.TemporaryDirectory() as folder:
    path = folder + "/model"
    found = {}
    for dtype in ("float32", "float64"):
        calls = more(cr.mlp([3, 4, 2], dtype=dtype, seed=0))
        for name, entry in ENTRIES.items():
            calls[name] = lambda e=entry, net=entry.network(dtype): frozen(e.call(net, e.good))
        for name, call in calls.items():
            found[f"{name}, {dtype}"] = growth(times(name), call)
    kept, net = [], cr.mlp([3, 4, 2], seed=0)
    found["what is kept"] = growth(10_000, lambda: kept.append(net.predict(X)))
print(json.dumps(found))
"""


def test_memory_does_not_grow() -> None:
    grown = json.loads(run_code(PRELUDE + GROWTH, **EXACT))
    assert grown.pop("what is kept") > 1_000_000  # the measure sees it
    assert len(grown) > 2 * len(ENTRIES)
    assert {name: n_bytes for name, n_bytes in grown.items() if n_bytes >= 64_000} == {}


# ---- Not enough ----------------------------------------------------------------------------------

# Blocks above the threshold come from the system, and go back to it; for everything small there is
# always room in the padding.
LIMITED = {
    "PYTHONMALLOC": "malloc",
    "MALLOC_MMAP_THRESHOLD_": "1000000",
    "MALLOC_TOP_PAD_": "400000",
    "CHAINRULE_NUM_THREADS": "1",
}
SCARCITY = """
import resource, sys, tempfile
from pathlib import Path

def within(room, call):
    "Whether `room` more bytes are enough for the call."
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + room, hard))
    try:
        call()
    except MemoryError:
        return False
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    return True

x, y = np.ones((128, 64)) / 7, np.ones((128, 2)) / 3
built = cr.mlp([64, 2560, 2], dtype="float64", seed=0)
raw = built.to_bytes(optimizer=True)
folder = tempfile.TemporaryDirectory()
path = Path(folder.name, "model")
path.write_bytes(raw)

calls = {
    "mlp": lambda net: cr.mlp([64, 2560, 2], dtype="float64", seed=1).to_bytes(),
    "predict": lambda net: net.predict(x),
    "evaluate": lambda net: net.evaluate(x, y),
    "train_step": lambda net: net.train_step(x, y),
    "gradients": lambda net: net.gradients(x, y).norm,
    "forward": lambda net: net.forward(x, training=True),
    "trace": lambda net: net.trace(x, y).loss,
    "fit": lambda net: net.fit(x, y, epochs=2, batch_size=100, optimizer="sgd", loss="mse")["loss"],
    "copy": lambda net: net.copy().to_bytes(),
    "to_bytes": lambda net: net.to_bytes(),
    "from_bytes": lambda net: cr.from_bytes(raw).n_parameters,
    "save": lambda net: (net.save(path), path.read_bytes()),
    "load": lambda net: cr.load(path).n_parameters,
    "set_weights": lambda net: net.set_weights([2 * w for w in built.weights]),
    "initialize": lambda net: net.initialize(seed=5),
}
for name, call in calls.items():
    twin = cr.from_bytes(raw)
    expected = frozen(call(twin)), twin.to_bytes(optimizer=True), path.read_bytes()
    path.write_bytes(raw)
    net, room, found = cr.from_bytes(raw), 1_000_000, []
    while not within(room, lambda: found.append(frozen(call(net)))):
        assert net.to_bytes(optimizer=True) == path.read_bytes() == raw, (name, room)
        room += 1_000_000
    assert room > 1_000_000, name
    assert (*found, net.to_bytes(optimizer=True), path.read_bytes()) == expected, name
    path.write_bytes(raw)
try:
    cr.mlp([512, 10_000_000, 10_000_000])
except MemoryError:
    print("done")
"""


def test_a_call_without_enough_memory_changes_nothing() -> None:
    assert run_code(PRELUDE + SCARCITY, **LIMITED) == "done\n"
