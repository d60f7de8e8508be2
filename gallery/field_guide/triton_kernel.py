"""
A Function around a Triton kernel
=================================

Autograd can't see what a Triton kernel computes. Here you wrap a forward and a backward kernel in Functions that have a
first and a second derivative and accept any memory layout. Without a GPU, Triton's interpreter runs the same kernels.

Read :doc:`c_kernel` first.

The symptom: the kernel computes the right values, but its output does not require grad, and ``backward`` raises
``element 0 of tensors does not require grad``. Another symptom is that the values for a slice of a tensor are wrong,
without an error.
"""

import os

import torch
from torch.autograd import grad, gradcheck, gradgradcheck
from torch.nn.functional import silu

device = "cuda" if torch.cuda.is_available() else "cpu"
if device == "cpu":
    os.environ["TRITON_INTERPRET"] = "1"  # triton.jit reads it
try:
    import triton
    from triton import language as tl
except ImportError:
    triton = None

torch.manual_seed(0)
print(device, triton and f"triton {triton.__version__}", os.environ.get("TRITON_INTERPRET"))

# %%
# If the line above says ``cuda``, Triton compiled the kernels for a GPU. If it says ``cpu``, Triton's interpreter ran
# them. If it shows ``None`` instead of a version, Triton was not installed, and nothing under ``if triton:`` ran.
#
# The symptom
# -----------
#
# The kernels compute SiLU, :math:`y = x \, \sigma(x)`, and its backward, :math:`g \, \sigma(x) \, (1 + x \, (1 -
# \sigma(x)))`. Each program handles one block of elements, and the mask keeps the last block within the tensor:

BLOCK = 1024

if triton:

    @triton.jit
    def silu_kernel(x_at, y_at, count, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        x = tl.load(x_at + at, mask=at < count)
        tl.store(y_at + at, x / (1 + tl.exp(-x)), mask=at < count)

    @triton.jit
    def silu_backward_kernel(g_at, x_at, y_at, count, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        g, x = tl.load(g_at + at, mask=at < count), tl.load(x_at + at, mask=at < count)
        sigmoid = 1 / (1 + tl.exp(-x))
        tl.store(y_at + at, g * sigmoid * (1 + x * (1 - sigmoid)), mask=at < count)


def launch(kernel, *tensors):
    out = torch.empty_like(tensors[0])
    count = out.numel()
    kernel[(triton.cdiv(count, BLOCK),)](*tensors, out, count, BLOCK=BLOCK)
    return out


x = torch.randn(5, 600, dtype=torch.float64, device=device, requires_grad=True)
if triton:
    part = x[:, ::2]
    right = [torch.allclose(launch(silu_kernel, each), silu(each)) for each in (x, part)]
    print(right, x.stride(), part.stride())
    assert right == [True, False]
    try:
        launch(silu_kernel, x).sum().backward()
    except RuntimeError as error:
        print("RuntimeError:", error)
    else:
        raise AssertionError("the kernel has a gradient")

# %%
# The cause
# ---------
#
# A kernel receives only a tensor's address, not its strides. So for ``part``, it read consecutive elements in memory
# instead of every second one. And autograd saw nothing but a call to ``empty_like``, which has no derivative.
#
# The cure
# --------
#
# Make each tensor contiguous before you pass its address on, and wrap each kernel in a Function. The derivative of
# ``SiLUBackward`` consists of PyTorch operations and of ``SiLUBackward`` itself:


def launch_contiguous(kernel, *tensors):
    return launch(kernel, *(each.contiguous().resolve_neg() for each in tensors))


class SiLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return launch_contiguous(silu_kernel, x)

    @staticmethod
    def backward(ctx, grad_output):
        return SiLUBackward.apply(grad_output, *ctx.saved_tensors)


class SiLUBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return launch_contiguous(silu_backward_kernel, grad_output, x)

    @staticmethod
    def backward(ctx, grad_grad_input):
        grad_output, x = ctx.saved_tensors
        sigmoid = x.sigmoid()
        second = sigmoid * (1 - sigmoid) * (2 + x * (1 - 2 * sigmoid))
        return SiLUBackward.apply(grad_grad_input, x), grad_grad_input * grad_output * second


if triton:
    points = torch.randn(4, 3, dtype=torch.float64, device=device).t().requires_grad_()
    print("gradcheck    ", gradcheck(SiLU.apply, points))
    print("gradgradcheck", gradgradcheck(SiLU.apply, points))
    print("gradgradcheck", gradgradcheck(SiLUBackward.apply, (torch.ones_like(points).requires_grad_(), points)))
    minus = torch.tensor([1 + 2j], dtype=torch.complex128, device=device).conj().imag
    for values in (x, x[:, ::2], x[:1].expand(3, 600), x[0, 0], x[:0], minus, x.float()):
        torch.testing.assert_close(SiLU.apply(values), silu(values))
    # sum() sends back a gradient with strides of 0.
    torch.testing.assert_close(grad(SiLU.apply(points).sum(), points), grad(silu(points).sum(), points))
