"""
A backward graph, seen
======================

This page shows what autograd writes down while you compute, and introduces the words for it. With them you
can read every other page of this site, and every graph that torchviz draws.

You should have trained a model with PyTorch and know the chain rule. No other page comes before this one.

Two weights, two numbers as data and three lines of arithmetic are enough.
"""

import torch
from torchviz import make_dot

weight = torch.tensor([0.5, -1.0], dtype=torch.float64, requires_grad=True)
data = torch.tensor([2.0, 3.0], dtype=torch.float64)

product = weight * data
out = torch.exp(product)
loss = out.sum()

make_dot(loss, params={"weight": weight, "loss": loss})

# %%
# Nodes, leaves and edges
# -----------------------
#
# While you computed, autograd took notes: which operation made each result, and from what. These notes are the
# *computation graph*. Its purpose is the way back from the loss to the weights, so it is also called the
# *backward graph*.
#
# A tensor that no recorded operation has made is a *leaf*, such as ``weight``. ``data`` is a leaf too, but it was not
# made with ``requires_grad=True``, so it is not in the picture. Each operation in between has become a *node*. The
# node knows how to turn a gradient of the result into gradients of what went in, and it is named after the
# operation: ``MulBackward0``, ``ExpBackward0``, ``SumBackward0``.
#
# A tensor points to the node that made it: this is its ``grad_fn``, and a leaf has none. A node points to the
# nodes behind its inputs through ``next_functions``. The arrows in the picture show the way of your computation,
# from the weights down to the loss. ``next_functions`` leads the other way, against the arrows:

assert weight.is_leaf and weight.grad_fn is None
assert data.is_leaf and not data.requires_grad
assert not out.is_leaf and out.grad_fn is loss.grad_fn.next_functions[0][0]

node = loss.grad_fn
while node.next_functions:
    names = [following and following.name() for following, _ in node.next_functions]
    print(node.name(), "→", names)
    node = node.next_functions[0][0]

# The last node belongs to the leaf.
assert node.variable is weight

# %%
# The walk ends at ``AccumulateGrad``, which computes no derivative: it adds what arrives to ``weight.grad``. The
# ``None`` beside it stands for ``data``, where no gradient is wanted. All the nodes that can be reached from the
# ``grad_fn`` of a tensor are its *history*.
#
# What a node keeps
# -----------------
#
# To go back through :math:`e^p` a node needs :math:`e^p`, and to go back through a product it needs the other
# factor. Such a *saved tensor* stays in memory for as long as the node may still be asked. Nodes have names of their own
# for what they save: here ``other`` is ``data``, and ``result`` is ``out``.

exp_node = out.grad_fn
mul_node = product.grad_fn

assert exp_node._saved_result.data_ptr() == out.data_ptr()  # the same memory, no copy
assert mul_node._saved_other is data
# The other factor of data would be needed for a gradient of data, which nobody wants.
assert mul_node._saved_self is None

make_dot(loss, params={"weight": weight, "data": data, "loss": loss}, show_saved=True)

# %%
# Backward walks the graph
# ------------------------
#
# ``backward`` starts at the node of the loss with a gradient of 1 and follows ``next_functions``. On the way it
# applies the chain rule, one node after the other, and drops the saved tensors. The nodes stay, but a second
# walk needs what is gone:

loss.backward()
print(weight.grad.tolist())
torch.testing.assert_close(weight.grad, data * torch.exp(weight.detach() * data))

try:
    loss.backward()
except RuntimeError as error:
    print(f"{type(error).__name__}: {str(error).partition(' (')[0]}")
else:
    raise AssertionError("the saved tensors were still there")
assert out.grad_fn is exp_node and exp_node.next_functions[0][0] is mul_node

# AccumulateGrad adds: a new graph and a second walk double the gradient.
once = weight.grad.clone()
torch.exp(weight * data).sum().backward()
torch.testing.assert_close(weight.grad, 2 * once)

# %%
# Attached and detached
# ---------------------
#
# Autograd records an operation only if one of its inputs requires a gradient and *grad mode* is on.
# ``torch.no_grad()`` turns grad mode off, and ``detach`` hands out the same values without their history. A tensor is
# *attached* to ``weight`` if a way leads there from its ``grad_fn``; otherwise it is *detached* from it, even if it
# has a ``grad_fn`` of its own:


def leads_to(leaf, tensor):
    waiting = [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            if getattr(node, "variable", None) is leaf:
                return True
            waiting += [following for following, _ in node.next_functions]
    return False


bias = torch.zeros(2, dtype=torch.float64, requires_grad=True)
with torch.no_grad():
    unrecorded = torch.exp(weight * data)

assert leads_to(weight, out) and leads_to(bias, out + bias)
assert (data * data).grad_fn is None
assert unrecorded.grad_fn is None and out.detach().grad_fn is None
# The sum has a history, of which weight is not a part.
detached_sum = out.detach() + bias
print(detached_sum.grad_fn.name(), leads_to(bias, detached_sum), leads_to(weight, detached_sum))
assert leads_to(bias, detached_sum) and not leads_to(weight, detached_sum)

# %%
# A gradient with a history
# -------------------------
#
# While backward runs, grad mode is off, so the gradients come out without a history. With ``create_graph=True``
# it is on. Then the steps of backward are recorded like any other computation, and the gradient can be
# differentiated once again. This is *double backward*.

grad_mode = []
out = torch.exp(weight * data)
out.register_hook(lambda grad_out: grad_mode.append(torch.is_grad_enabled()))
loss = out.sum()

(grad_weight,) = torch.autograd.grad(loss, weight, retain_graph=True)
assert grad_weight.grad_fn is None

(grad_weight,) = torch.autograd.grad(loss, weight, create_graph=True)
assert leads_to(weight, grad_weight)
print(grad_mode)
assert grad_mode == [False, True]

make_dot((grad_weight, loss), params={"weight": weight, "loss": loss, "grad_weight": grad_weight})

# %%
# The nodes between ``weight`` and ``loss`` are the first graph again; nothing in it has changed. The steps of backward
# branch off below ``ExpBackward0``, because they use the saved :math:`e^p`: one product with it, and one with ``data``.
# Ask at any such picture whether a way leads from the gradient up to the leaf. Here one does, and the second
# derivative comes out as on paper, :math:`d^2 e^{wd}`:

(second,) = torch.autograd.grad(grad_weight.sum(), weight)
print(second.tolist())
torch.testing.assert_close(second, data**2 * out)

# %%
# The words once more:
#
# - **graph**: what autograd wrote down, made of nodes and the edges between them.
#
# - **leaf**: a tensor that no recorded operation made. Parameters are leaves.
#
# - **node**: one recorded operation, seen from its result. ``grad_fn`` of a tensor is the node that made it.
#
# - **saved tensor**: what a node keeps because its backward needs it.
#
# - **history** of a tensor: all nodes that lead to it. If they include that of a leaf, the tensor is **attached** to
#   this leaf, otherwise it is **detached** from it.
#
# - **AccumulateGrad**: the node in front of a leaf, which adds to ``.grad``.
#
# - **grad mode**: whether autograd takes notes. During backward it does if ``create_graph=True`` was given.
#
# - **double backward**: backward through a gradient, along the notes that backward left.
