"""
Backward of a convolution
=========================

Both gradients of a convolution, the one for its input and the one for its weight, are convolutions themselves. Here
you derive them and build a Function that can be differentiated twice.

If custom Functions are new to you, read :doc:`/double_backward/saving_inputs` first.

To keep things simple, every convolution in this chapter has stride 1, one group, and no bias, padding or dilation. The
input :math:`X` has the shape :math:`(B, C_{in}, H, W)`, and the weight :math:`K` has the shape :math:`(C_{out}, C_{in},
k, k)`.
"""

import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)

# %%
# Two gradients, two convolutions
# -------------------------------
#
# Each input value contributes to every output whose kernel window covers it, so its gradient is the sum of what flows
# back from all these outputs. To compute this sum, apply a transposed convolution with the same weight to the incoming
# gradient :math:`G`:
#
# .. math::
#
#    G_X = \mathrm{conv\_transpose2d}(G, K)
#
# Each element of :math:`K` is used at every position of every image in the batch, so its gradient is a sum over the
# batch and all positions. A convolution already sums over its input channels. If you put the batch in their place, the
# convolution sums over the batch instead. To do so, swap the first two dimensions of :math:`X` and :math:`G`, which the
# formula writes as :math:`{}^{\top}`. A final swap gives the result the shape of :math:`K`:
#
# .. math::
#
#    G_K = \mathrm{conv2d}(X^{\top}, G^{\top})^{\top}
#
# The code below computes only the gradients that ``needs_input_grad`` asks for. The images that enter a network's first
# layer, for example, need no gradient.


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
        # Under autocast, forward casts its inputs. Backward has to cast the saved tensors in the same way.
        with torch.autocast(**ctx.autocast):
            return conv_backward(grad_output, *ctx.saved_tensors, ctx.needs_input_grad)


inputs = torch.rand(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
weight = torch.rand(4, 3, 3, 3, dtype=torch.float64, requires_grad=True)

print("gradcheck    ", gradcheck(Convolution.apply, (inputs, weight)))
print("gradgradcheck", gradgradcheck(Convolution.apply, (inputs, weight)))
print("gradcheck    ", gradcheck(Convolution.apply, (inputs.detach(), weight)))
print("gradcheck    ", gradcheck(Convolution.apply, (inputs, weight.detach())))

# %%
# PyTorch's own convolution has the same gradients, even for a single image and for an empty batch:


def gradients(convolution, inputs):
    return torch.autograd.grad(convolution(inputs, weight).pow(2).sum(), (inputs, weight))


for batch in (inputs, inputs[:1], inputs[:0]):
    for our, their in zip(gradients(Convolution.apply, batch), gradients(conv2d, batch)):
        torch.testing.assert_close(our, their)
        print(tuple(our.shape), torch.allclose(our, their))
(grad_weight,) = torch.autograd.grad(Convolution.apply(inputs[:0].detach(), weight).sum(), weight)
assert grad_weight.shape == weight.shape and not grad_weight.any()

# %%
# This ``backward`` consists of operations that autograd can record, so you can differentiate it again. A backward that
# calls a kernel of your own often can't be differentiated again, and then it should raise an error.
# :doc:`no_second_derivative` shows two ways to do that, and why only one of them is safe.
