"""
A backward graph, seen
======================

Autograd records what you compute. This page shows you that record and the terms for its parts, so that you can read
every other page of this site and any graph that torchviz draws.

You should know the chain rule and have trained a PyTorch model, but you don't need to read any other page first.

Two weights, two data values and three lines of arithmetic already make a graph:
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
# As the code ran, autograd recorded which operation created each result, and from which inputs. This record is the
# *computation graph*. Its purpose is to lead from the loss back to the weights, so it is also called the *backward
# graph*.
#
# A tensor such as ``weight``, which no recorded operation created, is a *leaf*. ``data`` is a leaf too, but it does not
# have ``requires_grad=True``, so it is not in the picture. Each operation on the way from ``weight`` to ``loss`` is a
# *node* of the graph. A node can turn a gradient of its result into gradients of its inputs, and it is named after its
# operation: ``MulBackward0``, ``ExpBackward0``, ``SumBackward0``.
#
# A tensor's ``grad_fn`` is the node that created the tensor; a leaf has none. A node's ``next_functions`` are its
# *edges*, which lead to the nodes of its inputs. The arrows in the picture follow your computation, from the weights
# down to the loss, whereas ``next_functions`` leads the other way, against the arrows:

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
# The walk ends at ``AccumulateGrad``, which computes no derivative but adds the incoming gradient to ``weight.grad``.
# Beside it, in the last printed line, ``None`` stands for ``data``, which needs no gradient. All the nodes that can be
# reached from a tensor's ``grad_fn`` are the tensor's *history*.
#
# What a node keeps
# -----------------
#
# To pass a gradient back through :math:`e^p`, a node needs :math:`e^p` itself. To pass it back to one factor of a
# product, a node needs the other factor. A tensor kept for this purpose is a *saved tensor*, which stays in memory for
# as long as the node may still need it. Nodes have their own names for the tensors they save: here ``other`` is
# ``data``, and ``result`` is ``out``.

exp_node = out.grad_fn
mul_node = product.grad_fn

assert exp_node._saved_result.data_ptr() == out.data_ptr()  # the same memory, no copy
assert mul_node._saved_other is data
# self, which is weight here, would be needed only for a gradient of data, which isn't required.
assert mul_node._saved_self is None

make_dot(loss, params={"weight": weight, "data": data, "loss": loss}, show_saved=True)

# %%
# Backward walks the graph
# ------------------------
#
# ``backward`` starts at the loss's node with a gradient of 1 and follows ``next_functions``. On the way it applies the
# chain rule node by node and frees the saved tensors. The nodes stay, but a second ``backward`` raises an error,
# because it would need the freed tensors:

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

# AccumulateGrad adds to weight.grad, so backward through a new graph doubles the gradient.
once = weight.grad.clone()
torch.exp(weight * data).sum().backward()
torch.testing.assert_close(weight.grad, 2 * once)

# %%
# Attached and detached
# ---------------------
#
# Autograd records an operation only if at least one of its inputs requires a gradient and *grad mode* is on.
# ``torch.no_grad()`` turns grad mode off, and ``detach`` returns the same values without their history. A tensor is
# *attached* to ``weight`` if a path leads from its ``grad_fn`` to ``weight``. Otherwise it is *detached* from
# ``weight``, even if it has a ``grad_fn``:


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
# The sum has a history, but weight is not part of it.
detached_sum = out.detach() + bias
print(detached_sum.grad_fn.name(), leads_to(bias, detached_sum), leads_to(weight, detached_sum))
assert leads_to(bias, detached_sum) and not leads_to(weight, detached_sum)

# %%
# A gradient with a history
# -------------------------
#
# Normally grad mode is off while backward runs, so the gradients have no history. With ``create_graph=True`` it is on,
# as the list printed below shows. The steps of backward are then recorded like any other computation, so you can
# differentiate the gradient again. This is called *double backward*.

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
# The nodes between ``weight`` and ``loss`` are the same as in the first graph. Backward has added two products: one
# uses the saved :math:`e^p` and so branches off below ``ExpBackward0``, and the other uses ``data``. Whenever you see a
# picture like this, ask whether a path leads from the gradient up to the leaf. Such a path exists here, and the second
# derivative is the same as on paper, :math:`d^2 e^{wd}`:

(second,) = torch.autograd.grad(grad_weight.sum(), weight)
print(second.tolist())
torch.testing.assert_close(second, data**2 * out)

# %%
# Here are all the terms again:
#
# - **graph**: what autograd has recorded, made of nodes and the edges between them.
#
# - **leaf**: a tensor that was not created by a recorded operation. Parameters are leaves.
#
# - **node**: one recorded operation. A tensor's ``grad_fn`` is the node that created the tensor.
#
# - **saved tensor**: a tensor that a node keeps because its backward needs it.
#
# - **history**: all the nodes that can be reached from a tensor's ``grad_fn``. If a leaf's node is among them, the
#   tensor is **attached** to that leaf; otherwise it is **detached** from it.
#
# - **AccumulateGrad**: a leaf's node, which adds the incoming gradient to the leaf's ``.grad``.
#
# - **grad mode**: the switch that decides whether autograd records operations. During backward, it is on only if you
#   pass ``create_graph=True``.
#
# - **double backward**: differentiating a gradient again, along the graph that autograd recorded during backward.
