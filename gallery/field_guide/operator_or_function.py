"""
An operator or a Function?
==========================

You can wrap code from outside PyTorch in a ``torch.library.custom_op`` operator or in a ``torch.autograd.Function``.
Here the same formula is written both ways, so that you can see which to choose.

Read :doc:`custom_op` and :doc:`torch_compile` first.

The symptom: a Function that calls SciPy works, but ``torch.compile`` rejects it with ``Unsupported method call``.
"""

import torch
from scipy import special
from torch.autograd import gradcheck, gradgradcheck

torch.manual_seed(0)
torch._dynamo.reset()

# %%
# The same formula twice
# ----------------------
#
# Here are the polygamma functions, written as a Function:


class PolyGamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx, n, x):
        if not x.is_floating_point():
            raise TypeError(f"x: expected a floating-point dtype, got {x.dtype}")
        ctx.n = n
        ctx.save_for_backward(x)
        return torch.as_tensor(special.polygamma(n, x.cpu().double().numpy())).to(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return None, grad_output * PolyGamma.apply(ctx.n + 1, x)


# %%
# And here they are as an operator, imported from :doc:`custom_op`:

from custom_op import polygamma

# %%
# Here the Function and the operator give bit-for-bit identical derivatives and pass the same checks. Once an operator
# is defined, you can also call it by name, as ``torch.ops.field_guide.polygamma``.


def two_derivatives(function, x):
    (first,) = torch.autograd.grad(function(0, x).sum(), x, create_graph=True)
    return first, torch.autograd.grad(first.sum(), x)[0]


x = torch.tensor([0.5, 1.5, 2.5], dtype=torch.float64, requires_grad=True)
for inputs in (x, x.detach().float().requires_grad_(), x.detach()[0].requires_grad_()):
    of_function = two_derivatives(PolyGamma.apply, inputs)
    of_operator = two_derivatives(polygamma, inputs)
    for ours, theirs in zip(of_function, of_operator):
        print(ours.dtype, tuple(ours.shape), torch.equal(ours, theirs))

for function in (PolyGamma.apply, torch.ops.field_guide.polygamma):
    print(gradcheck(function, (0, x)), gradgradcheck(function, (0, x)))
    torch.testing.assert_close(function(0, x), torch.special.digamma(x))
    try:
        function(0, torch.arange(3))
    except TypeError as error:
        print(f"{type(error).__name__}: {error}")
    else:
        raise AssertionError("integers were taken")

# %%
# The difference
# --------------
#
# ``torch.compile`` traces into a Function, but it cannot trace the call to SciPy inside ``PolyGamma``. An operator
# isn't traced into. Instead, it becomes a single operation in the compiled graph.

for function in (PolyGamma.apply, polygamma):
    try:
        out = torch.compile(function, fullgraph=True, backend="aot_eager")(0, x)
        print([round(value, 6) for value in out.tolist()])
    except torch._dynamo.exc.Unsupported as error:
        print(f"{type(error).__name__}: {str(error).splitlines()[0]}")

# %%
# Which to choose depends on what you need:
#
# - If you want to compile code that leaves PyTorch, write an operator. Operators also have their own check,
#   ``opcheck``.
#
# - If ``forward`` and ``backward`` consist of PyTorch operations, write a Function. ``torch.compile`` can trace it
#   unless the Function does one of the things that :doc:`torch_compile` lists.
#
# - For ``vmap``, you can use a Function or an operator. A Function needs a rule (see :doc:`vmap_rule`), while an
#   operator works without one, but slowly (see :doc:`operator_vmap`).
#
# - For ``torch.func.grad`` and forward mode, write a Function, if necessary around an operator (see
#   :doc:`custom_op_transforms`).
#
# - If the result is the input itself or a view of it, you cannot use an operator (see :doc:`operator_results`).
