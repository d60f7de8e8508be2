"""
A C++ operator with ``load_inline``
===================================

``load_inline`` compiles a C++ extension from a string, and ``TORCH_LIBRARY`` turns its functions into operators. This
page explains why these operators have no gradient at first, and how to register their first and second derivatives from
Python.

Read :doc:`c_kernel` and :doc:`custom_op` first.

The symptom: the operator computes the right values, but ``grad`` is ``None`` after ``backward``, and PyTorch warns that
``an autograd kernel was not registered``.
"""

import os
import sysconfig
import warnings
from shutil import which
from tempfile import TemporaryDirectory
from textwrap import fill

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.library import opcheck, register_autograd, register_fake
from torch.utils.cpp_extension import load_inline

torch.manual_seed(0)

# %%
# The symptom
# -----------
#
# Softsign is :math:`y = x / (1 + |x|)`, and its backward is :math:`g / (1 + |x|)^2`. The same loop in C++ computes both
# formulas:

SOURCE = """
#include <ATen/Dispatch.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <torch/library.h>

at::Tensor divide(const at::Tensor& above, const at::Tensor& input, int power) {
  const at::Tensor top = above.contiguous(), x = input.contiguous(), y = at::empty_like(x);
  TORCH_CHECK(top.sizes() == x.sizes(), "expected ", x.sizes(), ", got ", top.sizes());
  AT_DISPATCH_FLOATING_TYPES(x.scalar_type(), "softsign", [&] {
    auto a = top.const_data_ptr<scalar_t>(), b = x.const_data_ptr<scalar_t>();
    auto to = y.mutable_data_ptr<scalar_t>();
    for (long i = 0; i < x.numel(); i++) to[i] = a[i] / std::pow(1 + std::abs(b[i]), power);
  });
  return y;
}
at::Tensor softsign(const at::Tensor& x) { return divide(x, x, 1); }
at::Tensor softsign_backward(const at::Tensor& g, const at::Tensor& x) {
  return divide(g, x, 2);
}

TORCH_LIBRARY(cpp_guide, library) {
  library.def("softsign(Tensor x) -> Tensor");
  library.def("softsign_backward(Tensor grad_output, Tensor x) -> Tensor");
}
TORCH_LIBRARY_IMPL(cpp_guide, CPU, library) {
  library.impl("softsign", &softsign);
  library.impl("softsign_backward", &softsign_backward);
}
"""

os.environ["PATH"] += os.pathsep + sysconfig.get_path("scripts")  # where pip puts ninja
tools, operators = {tool: which(tool) is not None for tool in ("c++", "ninja")}, None
if all(tools.values()):
    with TemporaryDirectory() as folder:
        options = {"is_python_module": False, "no_implicit_headers": True}
        load_inline("cpp_guide", SOURCE, build_directory=folder, **options)
        operators = torch.ops.cpp_guide
print(tools)
x = torch.arange(-4.0, 8.0, dtype=torch.float64).reshape(3, 4).requires_grad_()
if operators:
    torch.testing.assert_close(operators.softsign(x), torch.nn.functional.softsign(x))
    with warnings.catch_warnings(record=True) as caught:
        operators.softsign(x).sum().backward()
    print(fill(f"UserWarning: {str(caught[0].message).partition(' This behavior')[0]}", 88))
    assert x.grad is None

# %%
# If the first line of output says ``False`` for the compiler ``c++`` or for ``ninja``, none of the code under ``if
# operators:`` was run for this page. With ``no_implicit_headers=True``, the compiler reads only the few headers that
# the code names, instead of all of PyTorch's headers.
#
# The cure
# --------
#
# Autograd does not look into C++ code, so register a derivative formula for each operator. The formula in
# ``double_backward`` uses only PyTorch operations and ``softsign_backward``, which has a formula itself, so autograd
# can differentiate the result again:


def save(ctx, inputs, output):
    ctx.save_for_backward(*inputs)


def backward(ctx, grad_output):
    return operators.softsign_backward(grad_output, *ctx.saved_tensors)


def double_backward(ctx, grad_grad_input):
    grad_output, x = ctx.saved_tensors
    grad_x = -2 * grad_grad_input * grad_output * x.sign() / (1 + x.abs()) ** 3
    return operators.softsign_backward(grad_grad_input, x), grad_x


if operators:
    register_autograd("cpp_guide::softsign", backward, setup_context=save)
    register_autograd("cpp_guide::softsign_backward", double_backward, setup_context=save)
    register_fake("cpp_guide::softsign", lambda x: x.new_empty(x.shape))
    register_fake("cpp_guide::softsign_backward", lambda g, x: x.new_empty(x.shape))
    pair = [torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2)]
    print("gradcheck    ", gradcheck(operators.softsign, x))
    print("gradgradcheck", gradgradcheck(operators.softsign, x))
    print("gradgradcheck", gradgradcheck(operators.softsign_backward, pair))
    lazy_minus = torch.tensor([1 + 2j], dtype=torch.complex128).conj().imag
    for values in (x.t(), x.float(), x[0, 0], x[:0], lazy_minus):
        torch.testing.assert_close(operators.softsign(values), torch.nn.functional.softsign(values))
        opcheck(operators.softsign, (values.detach().requires_grad_(),))
    opcheck(operators.softsign_backward, [each.t() for each in pair])
