"""
Backward of a convolution
=========================

Both gradients of a convolution are convolutions themselves. Here you derive them and put them into a Function that
can be differentiated twice.

Read :doc:`/double_backward/saving_inputs` first, if custom Functions are new to you.

The layer of this chapter is fixed for simplicity: no bias, stride 1, no padding, no dilation, one group. The input
:math:`X` has the shape :math:`(B, C_{in}, H, W)`, the weight :math:`K` the shape :math:`(C_{out}, C_{in}, k, k)`.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)

# %%
# Two gradients, two convolutions
# -------------------------------
#
# Each value of the input takes part in as many outputs as the kernel is large. Its gradient collects what flows back
# from all of them, which is a transposed convolution of the incoming gradient :math:`G` with the same weight:
#
# .. math::
#
#    G_X = \mathrm{conv\_transpose2d}(G, K)
#
# An element of the weight meets every position of every image in the batch. Its gradient is a sum over batch and
# positions. A convolution can do that sum too, if the batch stands where a convolution sums, in the place of the
# input channels. Swapping the first two dimensions, written :math:`{}^{\top}`, puts it there, and a second swap gives
# the result the shape of :math:`K`:
#
# .. math::
#
#    G_K = \mathrm{conv2d}(X^{\top}, G^{\top})^{\top}
#
# A gradient that nobody asked for is not computed: ``needs_input_grad`` says which ones are wanted. The images of a
# first layer, for example, need none.


def conv_backward(grad_output, inputs, weight, needed):
    grad_input = grad_weight = None
    if needed[0]:
        grad_input = conv_transpose2d(grad_output, weight)
    if needed[1] and len(inputs) > 0:
        # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
        grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    elif needed[1]:
        grad_weight = torch.zeros_like(weight)  # conv2d cannot sum over an empty batch
    return grad_input, grad_weight


def autocast_state(tensor):
    kind = tensor.device.type
    enabled, dtype = torch.is_autocast_enabled(kind), torch.get_autocast_dtype(kind)
    return {"device_type": kind, "enabled": enabled, "dtype": dtype}


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(inputs, weight):
        return conv2d(inputs, weight)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.autocast = autocast_state(output)

    @staticmethod
    def backward(ctx, grad_output):
        # Under autocast, forward casts its inputs. Backward has to do the same to what was saved.
        with torch.autocast(**ctx.autocast):
            return conv_backward(grad_output, *ctx.saved_tensors, ctx.needs_input_grad)


inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Convolution.apply, (inputs, weight)))
print("gradgradcheck", gradgradcheck(Convolution.apply, (inputs, weight)))
print("gradcheck    ", gradcheck(Convolution.apply, (inputs.detach(), weight)))
print("gradcheck    ", gradcheck(Convolution.apply, (inputs, weight.detach())))

# %%
# The same gradients come from autograd's own convolution, for a single image and an empty batch too:


def gradients(convolution, inputs):
    return torch.autograd.grad(convolution(inputs, weight).pow(2).sum(), (inputs, weight))


for batch in (inputs, inputs[:1], inputs[:0]):
    for our, their in zip(gradients(Convolution.apply, batch), gradients(conv2d, batch)):
        torch.testing.assert_close(our, their)
        print(tuple(our.shape), torch.allclose(our, their))
(grad_weight,) = torch.autograd.grad(Convolution.apply(inputs[:0].detach(), weight).sum(), weight)
assert grad_weight.shape == weight.shape and not grad_weight.any()

# %%
# This ``backward`` is made of operations that autograd can record, so it can be differentiated again. A backward that
# calls a kernel of your own often cannot, and then it should say so. :doc:`no_second_derivative` shows two ways to do
# that, and why only one of them is safe.
