"""
A C++ function that calls ``backward`` hangs
============================================

C++ code can start autograd's engine itself. If a pybind11 function does that while it holds Python's global interpreter
lock (GIL), it raises an error or never returns. This page shows the error and the hanging call, and how to release the
lock in time.

Read :doc:`cpp_extension` and :doc:`threads` first.

The symptom: C++ code raises ``The autograd engine was called while holding the GIL``, or it calls ``backward`` in a
thread that it started itself, and the program deadlocks.
"""

import os
import sysconfig
from functools import partial
from shutil import which
from tempfile import TemporaryDirectory
from textwrap import fill

import torch
from torch.utils.cpp_extension import load_inline

# %%
# The symptom
# -----------
#
# ``held`` and ``released`` are the same C++ function, bound by pybind11 in two ways. ``in_thread`` runs this function
# in another thread and returns whether the function has finished within a second. After that second, ``in_thread``
# releases the lock, because this page would hang if it kept the lock:

from gradient_penalty import Tanh

SOURCE = """
#include <future>
#include <optional>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/utils/pybind.h>
#include <torch/library.h>

void run_backward(const at::Tensor& loss) { torch::autograd::backward({loss}, {}); }

bool in_thread(const at::Tensor& loss, bool release) {
  std::optional<py::gil_scoped_release> no_gil;
  if (release) no_gil.emplace();
  auto task = std::async(std::launch::async, run_backward, loss);
  const bool ended = task.wait_for(std::chrono::seconds(1)) == std::future_status::ready;
  if (!release) no_gil.emplace();
  task.get();
  return ended;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, module) {
  module.def("held", &run_backward);
  module.def("released", &run_backward, py::call_guard<py::gil_scoped_release>());
  module.def("in_thread", &in_thread, py::arg("loss"), py::arg("release"));
}

TORCH_LIBRARY(engine_guide, library) {
  library.def("run_backward(Tensor loss) -> ()", &run_backward);
}
"""

os.environ["PATH"] += os.pathsep + sysconfig.get_path("scripts")  # where pip puts ninja
tools, module = {tool: which(tool) is not None for tool in ("c++", "ninja")}, None
if all(tools.values()):
    with TemporaryDirectory() as folder:
        options = {"build_directory": folder, "no_implicit_headers": True}
        module = load_inline("engine_guide", SOURCE, **options)
print(tools)


def gradient(call, function=Tanh.apply):
    x = torch.ones(2, dtype=torch.float64, requires_grad=True)
    found = call(function(x).sum())
    print(found, x.grad)
    return found, x.grad


if module:
    try:
        module.held(torch.ones(1, requires_grad=True).sum())
        raise AssertionError("it was called with the GIL held")
    except RuntimeError as error:
        print(fill(f"RuntimeError: {error}", 88))
    in_thread = partial(module.in_thread, release=False)
    (in_python, _), (in_cpp, _) = gradient(in_thread), gradient(in_thread, torch.tanh)
    assert in_cpp and not in_python

# %%
# If the compiler ``c++`` or ``ninja`` was missing when this page was built, nothing under ``if module:`` ran.
#
# The cause
# ---------
#
# pybind11 holds the GIL while a C++ function runs, and the engine raises an error if it is started in a thread that
# holds the GIL. A second thread doesn't hold the GIL, so the engine starts there. But a Function's ``backward`` is
# Python code and waits for the GIL. Meanwhile, the first thread keeps the GIL and waits for the second, so the two
# threads block each other. The backward of ``torch.tanh`` runs no Python code, so the call with ``torch.tanh``, in the
# last line of output, finishes in time.
#
# The cure
# --------
#
# Release the GIL before the engine starts. ``py::call_guard<py::gil_scoped_release>()`` does that for a whole function,
# and inside a function you can do it with a ``py::gil_scoped_release`` object:

x = torch.ones(2, dtype=torch.float64)
if module:
    in_thread = partial(module.in_thread, release=True)
    for call in (module.released, in_thread, torch.ops.engine_guide.run_backward):
        _, found = gradient(call)
        torch.testing.assert_close(found, 1 - torch.tanh(x) ** 2)

# %%
# The last line of output comes from the operator that ``TORCH_LIBRARY`` defines. This operator needs no guard, because
# PyTorch releases the GIL before calling it.
