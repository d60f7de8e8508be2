"""
A kernel in C
=============

After this page you can run your own C code in a Function, with a second derivative, and you know
what C does not see of a tensor.

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
# They compute :math:`y = x^3`, the backward :math:`3 g x^2`, and the two gradients of this
# backward:

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
# ``cc: 0`` says that the system's C compiler has made a library of it. ``cc: None`` says that there
# was no compiler, any other number that it failed. In these two cases nothing under ``if kernel:``
# was run for this page.


def call(loop, *tensors, results=1):
    made = [tensors[0].new_empty(tensors[0].shape) for _ in range(results)]
    if any(tensor.dtype != torch.float64 or tensor.device.type != "cpu" for tensor in tensors):
        raise TypeError("the loops take torch.float64 on the CPU")
    # C gets addresses and a length: no dtype, no shape, no strides.
    addresses = [ctypes.c_void_p(tensor.data_ptr()) for tensor in (*tensors, *made)]
    getattr(kernel, loop)(*addresses, ctypes.c_long(made[0].numel()))
    return made


# %%
# The symptom
# -----------

x = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)[::2]
print("x**3", (x**3).tolist(), "strides", x.stride())
if kernel:
    print("cube", call("cube", x)[0].tolist())

# %%
# The view holds 1 and 3. C took 1 and 2, which lie side by side in memory. The gradient of a
# ``sum`` is worse: a single number in memory, seen many times, and C would read past it.
#
# The cure
# --------
#
# ``contiguous()`` on everything that C gets. And C leaves no record for a second derivative, so
# ``backward`` is a Function of its own. A third derivative is lost, without an error if only a part of
# it comes from here; :doc:`/double_backward/backward_outside_autograd` says what to do about that.


class CubeInC(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return call("cube", x.contiguous())[0]

    @staticmethod
    def backward(ctx, grad_output):
        return CubeInCBackward.apply(grad_output, *ctx.saved_tensors)


class CubeInCBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, grad_output, x):
        ctx.save_for_backward(grad_output, x)
        return call("cube_backward", grad_output.contiguous(), x.contiguous())[0]

    @staticmethod
    def backward(ctx, grad_grad_input):
        tensors = [t.contiguous() for t in (grad_grad_input, *ctx.saved_tensors)]
        return tuple(call("cube_double_backward", *tensors, results=2))


x = torch.randn(3, 4, dtype=torch.float64).t().requires_grad_()  # (4, 3)
if kernel:
    print("gradcheck    ", gradcheck(CubeInC.apply, x))
    print("gradgradcheck", gradgradcheck(CubeInC.apply, x))
    torch.testing.assert_close(CubeInC.apply(x), x**3)
    torch.testing.assert_close(grad(CubeInC.apply(x).sum(), x)[0], 3 * x**2)
    try:
        CubeInC.apply(x.float())
    except TypeError as error:
        print("TypeError:", error)
    else:
        raise AssertionError("C got float32")
