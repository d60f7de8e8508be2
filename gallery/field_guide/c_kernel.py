"""
A kernel in C
=============

A Function can run your own C code and still have a second derivative. But C gets less information about a tensor than
PyTorch has, so you may pass it only tensors that it can read.

Read :doc:`/double_backward/backward_outside_autograd` first.

The symptom: the C code is right, yet it returns wrong values for some tensors.
"""

import ctypes
import subprocess
from shutil import which
from tempfile import TemporaryDirectory

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# This C code computes :math:`x^3`, its backward :math:`3 g x^2`, and the gradients of that backward with respect to
# :math:`g` and :math:`x`:

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

kernel = None
if which("cc"):
    with TemporaryDirectory() as folder:
        command = ["cc", "-shared", "-fPIC", "-o", f"{folder}/cube.so", "-x", "c", "-"]
        subprocess.run(command, input=SOURCE, text=True, check=True)
        kernel = ctypes.CDLL(f"{folder}/cube.so")


def call(loop, *tensors, results=1):
    made = [torch.empty(tensors[0].shape, dtype=torch.float64) for _ in range(results)]
    # C gets only addresses and a length: no dtype, no device, no shape, no strides.
    addresses = [ctypes.c_void_p(tensor.data_ptr()) for tensor in (*tensors, *made)]
    getattr(kernel, loop)(*addresses, ctypes.c_long(made[0].numel()))
    return made


x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)[::2]
minus = torch.tensor([1 + 2j], dtype=torch.complex128).conj().imag
for values in (x, minus):
    print("x**3", (values**3).tolist(), "stride", values.stride(), "is_neg", values.is_neg())
    print("cube", call("cube", values)[0].tolist() if kernel else None)

# %%
# C gets only an address and a length, so it can misread three kinds of tensor. First, ``x`` is a strided view with the
# elements 1 and 3, but C read 1 and 2, which are adjacent in memory. Second, ``minus`` is contiguous, but its memory
# holds 2 instead of -2, because its negative bit is set and PyTorch flips the sign only on reading. Third, the gradient
# that ``sum`` sends back is an expanded tensor with a stride of 0: all elements share one value in memory, and C would
# read past that value. If the output says ``cube None``, there was no C compiler ``cc``, and nothing under ``if
# kernel:`` was run for this page.
#
# The cure
# --------
#
# Reject tensors that C cannot read, and bring all other tensors into the layout that C expects. Autograd cannot record
# what C does, so to get a second derivative, ``backward`` calls another Function. A third derivative would still be
# lost; :doc:`/double_backward/no_third_derivative` shows how to raise an error instead.


def plain(*tensors):
    for tensor in tensors:
        if tensor.dtype != torch.float64 or tensor.device.type != "cpu":
            raise TypeError(f"expected torch.float64 on cpu, got {tensor.dtype} on {tensor.device}")
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
        return tuple(call("cube_double_backward", *plain(grad_grad_input, *ctx.saved_tensors), results=2))


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
            raise AssertionError("C got what it cannot read")
        except TypeError as error:
            print("TypeError:", error)
