"""
A kernel in C
=============

A Function can run your own C code, with a second derivative. This page shows what C does not see of a tensor,
and how to hand over only what it can read.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: the C code is right, and with some tensors the numbers are wrong.
"""

import ctypes
import subprocess
from shutil import which
from tempfile import TemporaryDirectory

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# Three loops
# -----------
#
# They compute :math:`y = x^3`, the backward :math:`3 g x^2`, and the two gradients of this backward:

SOURCE = """
void cube(const double *x, double *y, long n) {
  for (long i = 0; i < n; i++) y[i] = x[i] * x[i] * x[i];
}
void cube_backward(const double *g, const double *x, double *gx, long n) {
  for (long i = 0; i < n; i++) gx[i] = 3 * g[i] * x[i] * x[i];
}
void cube_double_backward(const double *gg, const double *g, const double *x,
                          double *out_g, double *out_x, long n) {
  for (long i = 0; i < n; i++) {
    out_g[i] = 3 * gg[i] * x[i] * x[i];
    out_x[i] = 6 * gg[i] * g[i] * x[i];
  }
}
"""

compiler, status, kernel = which("cc") or which("gcc") or which("clang"), None, None
if compiler:
    with TemporaryDirectory() as folder:
        library = f"{folder}/cube.so"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", library, "-x", "c", "-"]
        status = subprocess.run(command, input=SOURCE, text=True).returncode
        kernel = ctypes.CDLL(library) if status == 0 else None
print("cc:", status)

# %%
# ``cc: 0`` says that the system's C compiler has made a library of it, ``cc: None`` that there was no compiler, any
# other number that it failed. In these two cases nothing under ``if kernel:`` was run for this page.


def call(loop, *tensors, results=1):
    made = [torch.empty(tensors[0].shape, dtype=torch.float64) for _ in range(results)]
    # C gets addresses and a length: no dtype, no device, no shape, no strides.
    addresses = [ctypes.c_void_p(tensor.data_ptr()) for tensor in (*tensors, *made)]
    getattr(kernel, loop)(*addresses, ctypes.c_long(made[0].numel()))
    return made


# %%
# The symptom
# -----------

x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)[::2]
minus = torch.tensor([1 + 2j], dtype=torch.complex128).conj().imag
for values in (x, minus):
    print("x**3", (values**3).tolist(), "stride", values.stride(), "is_neg", values.is_neg())
    if kernel:
        print("cube", call("cube", values)[0].tolist())

# %%
# The view holds 1 and 3. C took 1 and 2, which lie side by side in memory. The gradient of a ``sum`` is worse:
# a single number in memory, seen many times, and C would read past it. The last tensor is contiguous, and its
# memory holds 2: the minus is a mark that PyTorch applies when it reads.
#
# The cure
# --------
#
# Refuse what C cannot read, and lay out the rest in memory. And C leaves no record for a second derivative, so
# ``backward`` is a Function of its own. A third derivative would be lost;
# :doc:`/double_backward/no_third_derivative` shows how to raise an error instead.


def plain(*tensors):
    for tensor in tensors:
        if tensor.dtype != torch.float64 or tensor.device.type != "cpu":
            found = f"{tensor.dtype} on {tensor.device}"
            raise TypeError(f"expected torch.float64 on cpu, got {found}")
    return [tensor.contiguous().resolve_neg() for tensor in tensors]


class CubeInC(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return call("cube", *plain(x))[0]

    @staticmethod
    def backward(ctx, grad_output):
        return CubeInCBackward.apply(grad_output, *ctx.saved_tensors)


class CubeInCBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return call("cube_backward", *plain(grad_output, x))[0]

    @staticmethod
    def backward(ctx, grad_grad_input):
        tensors = plain(grad_grad_input, *ctx.saved_tensors)
        return tuple(call("cube_double_backward", *tensors, results=2))


if kernel:
    x = torch.randn(3, 4, dtype=torch.float64).t().requires_grad_()  # (4, 3)
    print("gradcheck    ", gradcheck(CubeInC.apply, x))
    print("gradgradcheck", gradgradcheck(CubeInC.apply, x))
    torch.testing.assert_close(grad(CubeInC.apply(x).sum(), x)[0], 3 * x**2)
    for values in (x, minus, x[0, 0], x[:0], x[:1].expand(3, 3)):
        torch.testing.assert_close(CubeInC.apply(values), values**3)
    for values in (x.float(), x.to("meta")):
        try:
            CubeInC.apply(values)
        except TypeError as error:
            print("TypeError:", error)
        else:
            raise AssertionError("C got what it cannot read")
