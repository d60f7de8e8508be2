"""
A checklist that runs
=====================

``check_function`` tests for eleven ways in which Functions break once other people use them. Download this page as a
script, put it next to your tests, and call ``check_function`` on your own Function.

Read :doc:`your_first_function` first.

Each point of the checklist is a small test that raises an error if the Function fails it. The next page,
:doc:`before_you_ship_it`, shows a wrong Function for every point.
"""

import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

# %%
# What the points share
# ---------------------
#
# Each check takes a function that returns one tensor, usually ``YourFunction.apply``, and a list of the function's
# arguments. Every check gets its own copies of these arguments, in which floating-point tensors are ``float64`` leaves
# that require gradients.


def copy_inputs(inputs, dtype=torch.float64, device="cpu"):
    def copy(value):
        if not isinstance(value, Tensor):
            return value
        kept = dtype if value.is_floating_point() else value.dtype
        value = value.detach().to(device, kept, copy=True)
        return value.requires_grad_(value.is_floating_point())

    return [copy(value) for value in inputs]


def wanted(inputs):
    return [value for value in inputs if isinstance(value, Tensor) and value.requires_grad]


def out_and_grads(function, inputs, grad_output=None):
    out = function(*inputs)
    if grad_output is None:
        grad_output = torch.ones_like(out)
    return out, *torch.autograd.grad(out, wanted(inputs), grad_output)


# %%
# The derivatives
# ---------------


def check_first_order(function, inputs):
    assert gradcheck(function, inputs)


def check_second_order(function, inputs):
    assert gradgradcheck(function, inputs)


# %%
# What comes in
# -------------
#
# The gradient that ``sum`` sends back is a single number, expanded to all elements. Another gradient may consist of
# every second element of a larger tensor. A gradient of either kind must give the same result as a contiguous one:


def check_strided_gradient(function, inputs):
    ones = torch.ones_like(function(*inputs))
    every_second = torch.stack([ones, 0 * ones], -1)[..., 0]
    for grad_output in (every_second, torch.ones((), dtype=ones.dtype).expand(ones.shape)):
        found, expected = (out_and_grads(function, inputs, each) for each in (grad_output, ones))
        assert_close(found, expected)


# %%
# A frozen weight needs no gradient. When a weight is frozen, the other gradients must not change, but ``backward`` has
# to do less work:


class CountOperations(TorchDispatchMode):
    count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += 1
        return func(*args, **(kwargs or {}))


def operations_of_backward(function, inputs):
    out = function(*inputs)
    with CountOperations() as counted:
        torch.autograd.grad(out, wanted(inputs), torch.ones_like(out))
    return counted.count


def check_needs_input_grad(function, inputs):
    out, *grads = out_and_grads(function, inputs)
    for position, frozen in enumerate(wanted(inputs) if len(grads) > 1 else []):
        some = [value.detach() if value is frozen else value for value in inputs]
        others = grads[:position] + grads[position + 1 :]
        assert_close(out_and_grads(function, some), (out, *others))
        if operations_of_backward(function, some) >= operations_of_backward(function, inputs):
            raise AssertionError(f"gradient {position} is computed although nobody wants it")


# %%
# A batch may be empty, for example because a filter let nothing through. Every tensor whose first dimension is as long
# as the first tensor's counts as a batch, and the check empties it:


def check_empty_batch(function, inputs):
    length = len(wanted(inputs)[0])

    def is_batch(value):
        return isinstance(value, Tensor) and value.shape[:1] == (length,)

    empty = [value[:0] if is_batch(value) else value for value in inputs]
    out_and_grads(function, copy_inputs(empty))


# %%
# Where it runs
# -------------
#
# In other dtypes, the values must agree with the ``float64`` values in about half of the dtype's digits. For the device
# check, a second device is always available: ``meta`` computes shapes but no values, and it rejects a tensor that the
# Function created on the CPU. If there is a GPU, the check tries it too, and the last printed line says whether there
# was one.


def assert_same_in(dtype, results, expected):
    close = torch.finfo(dtype).eps ** 0.5
    assert_close([result.double() for result in results], list(expected), rtol=close, atol=close)


def check_dtype(function, inputs):
    for dtype in (torch.float32, torch.bfloat16):
        results = out_and_grads(function, copy_inputs(inputs, dtype))
        assert results[0].dtype == dtype, f"{dtype} goes in, {results[0].dtype} comes out"
        assert_same_in(dtype, results, out_and_grads(function, inputs))


def check_device(function, inputs):
    for device in ("meta", "cuda") if torch.cuda.is_available() else ("meta",):
        for result in out_and_grads(function, copy_inputs(inputs, device=device)):
            assert result.device.type == device, f"{device} goes in, {result.device.type} comes out"


def check_vmap(function, inputs):
    tensors = [isinstance(value, Tensor) for value in inputs]
    pairs = zip(inputs, tensors)
    stacked = [torch.stack([value, value]) if each else value for value, each in pairs]
    stacked = copy_inputs(stacked)
    mapped = torch.func.vmap(function, tuple(0 if each else None for each in tensors))
    for result, expected in zip(out_and_grads(mapped, stacked), out_and_grads(function, inputs)):
        assert_close(result, torch.stack([expected, expected]))


def check_compile(function, inputs):
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    assert_close(out_and_grads(compiled, inputs), out_and_grads(function, inputs))


def check_autocast(function, inputs):
    single = copy_inputs(inputs, torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        out = function(*single)
    # Backward runs outside autocast, as in training.
    grads = torch.autograd.grad(out, wanted(single), torch.ones_like(out))
    assert_same_in(torch.bfloat16, (out, *grads), out_and_grads(function, inputs))


# %%
# What it keeps
# -------------
#
# Save tensors with ``save_for_backward``, which frees them after backward and notices when they are overwritten. A
# ``ctx`` attribute does neither. After ``forward``, the node holds all such attributes, so that is where the check
# looks for tensors:


def check_memory(function, inputs):
    waiting, seen = [function(*inputs).grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [following for following, _ in node.next_functions]
            for name, value in getattr(node, "__dict__", {}).items():
                kept = any(isinstance(leaf, Tensor) for leaf in tree_leaves(value))
                assert not kept, f"ctx.{name} keeps a tensor"


# %%
# The checklist
# -------------

POINTS = {
    "first order": check_first_order,
    "second order": check_second_order,
    "strided gradient": check_strided_gradient,
    "needs_input_grad": check_needs_input_grad,
    "empty batch": check_empty_batch,
    "dtype": check_dtype,
    "device": check_device,
    "vmap": check_vmap,
    "compile": check_compile,
    "autocast": check_autocast,
    "memory": check_memory,
}


def check_function(function, *inputs):
    # Returns "ok" or the first line of the error for each point.
    results = {}
    for name, check in POINTS.items():
        try:
            check(function, copy_inputs(inputs))
            results[name] = "ok"
        except Exception as error:
            results[name] = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return results


# %%
# To try the checklist, the script runs it on one of PyTorch's losses. The ``if`` makes sure that this doesn't happen
# when another script imports the checklist:

if __name__ == "__main__":
    torch.manual_seed(0)
    x, target = torch.randn(4, 3), torch.randn(4, 3)
    results = check_function(torch.nn.functional.mse_loss, x, target)
    for name, result in results.items():
        print(f"{name:17} {result}")
    print("cuda", torch.cuda.is_available())
    assert set(results.values()) == {"ok"}
