"""
Memory kept for backward
========================

After this page you can predict how much memory the fused Function saves, and you have seen the prediction
come true to the byte.

Read :doc:`fused_function` first.

With a CUDA device the script asks the allocator of the device. Without one it counts on the CPU. The first
line that it prints says which.
"""

import matplotlib.pyplot as plt
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.nn.functional import batch_norm as nn_batch_norm
from torch.nn.functional import conv2d, conv_transpose2d

torch.manual_seed(0)
DIMS = (0, 2, 3)
cuda = torch.cuda.is_available()
device = torch.device("cuda" if cuda else "cpu")
print(device, torch.__version__, "torch.cuda.memory_stats" if cuda else "saved_tensors_hooks")

# %%
# The Functions, from :doc:`fused_function`:


def conv_backward(grad_output, inputs, weight):
    grad_input = conv_transpose2d(grad_output, weight)
    # (C_in, B, H, W) with (C_out, B, H', W') gives (C_in, C_out, k, k).
    grad_weight = conv2d(inputs.transpose(0, 1), grad_output.transpose(0, 1)).transpose(0, 1)
    return grad_input, grad_weight


def batch_norm(inputs, eps):
    mean = inputs.mean(DIMS, keepdim=True)
    return (inputs - mean) / (inputs.var(DIMS, keepdim=True).sqrt() + eps)


def batch_norm_backward(grad_output, inputs, eps):
    count = inputs.numel() / inputs.shape[1]  # N = B · H · W
    centred = inputs - inputs.mean(DIMS, keepdim=True)
    std = inputs.var(DIMS, keepdim=True).sqrt()
    scale = std + eps
    through_mean = grad_output - grad_output.mean(DIMS, keepdim=True)
    through_std = (grad_output * centred).sum(DIMS, keepdim=True) / ((count - 1) * std * scale**2)
    return through_mean / scale - centred * through_std


class Convolution(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight):
        ctx.save_for_backward(inputs, weight)
        return conv2d(inputs, weight)

    @staticmethod
    def backward(ctx, grad_output):
        return conv_backward(grad_output, *ctx.saved_tensors)


class BatchNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, eps=1e-3):
        ctx.save_for_backward(inputs)
        ctx.eps = eps
        return batch_norm(inputs, eps)

    @staticmethod
    def backward(ctx, grad_output):
        (inputs,) = ctx.saved_tensors
        # One gradient for each input of forward; eps is not a tensor and gets None.
        return batch_norm_backward(grad_output, inputs, ctx.eps), None


class FusedConvBN(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, weight, eps=1e-3):
        ctx.save_for_backward(inputs, weight)
        ctx.eps = eps
        return batch_norm(conv2d(inputs, weight), eps)

    @staticmethod
    def backward(ctx, grad_output):
        inputs, weight = ctx.saved_tensors
        grad_conv = batch_norm_backward(grad_output, conv2d(inputs, weight), ctx.eps)
        grad_input = grad_weight = None
        if ctx.needs_input_grad[0]:
            grad_input = conv_transpose2d(grad_conv, weight)
        if ctx.needs_input_grad[1]:
            grad_weight = conv2d(inputs.transpose(0, 1), grad_conv.transpose(0, 1)).transpose(0, 1)
        return grad_input, grad_weight, None


# %%
# Three ways to compute the same layer, or nearly the same in the case of PyTorch's own operations, which
# are those of ``nn.Conv2d`` and ``nn.BatchNorm2d``. Several layers make a chain.


def conv_bn(inputs, weight):
    return BatchNorm.apply(Convolution.apply(inputs, weight))


def nn_conv_bn(inputs, weight):
    return nn_batch_norm(conv2d(inputs, weight), None, None, training=True, eps=1e-3)


LAYERS = {"FusedConvBN": FusedConvBN.apply, "BatchNorm(Convolution)": conv_bn, "nn": nn_conv_bn}


def chain(layer, inputs, weights):
    for weight in weights:
        inputs = layer(inputs, weight)
    return inputs


def tensors(batch, channels, size, depth):
    inputs = torch.rand(batch, channels[0], size, size, device=device, requires_grad=True)
    shape = (channels[1], channels[0], 3, 3)
    return inputs, [torch.rand(shape, device=device, requires_grad=True) for _ in range(depth)]


# %%
# Predicted
# ---------
#
# Every layer keeps its weight and its input; the pair keeps the output of the convolution too. A value in
# ``float32`` takes 4 bytes, and a kernel of 3 by 3 makes height and width smaller by 2.


def predict(fused, batch, channels, size, depth):
    values = 0
    for level in range(depth):
        before, after = size - 2 * level, size - 2 * level - 2
        values += channels[0] * channels[1] * 9 + batch * channels[0] * before**2
        if not fused:
            values += batch * channels[1] * after**2
    return 4 * values


# %%
# Measured
# --------
#
# On the CPU a hook sees each tensor that autograd saves. Its memory is counted once, however many nodes
# save it. On a CUDA device the allocator says how much was asked of it for the tensors and the graph.


def measure(layer, *shape):
    requested = "requested_bytes.all.current"
    before = torch.cuda.memory_stats()[requested] if cuda else 0
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    inputs, weights = tensors(*shape)
    with saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = chain(layer, inputs, weights).sum()  # holds the graph, but not the output
    if cuda:
        return torch.cuda.memory_stats()[requested] - before - loss.nbytes
    return sum(storages.values())


def compare(*shape):
    kept = [measure(layer, *shape) for layer in LAYERS.values()]
    predicted = [predict(True, *shape), predict(False, *shape)]
    # An allocator may round each tensor up to a multiple of 512 bytes.
    allowed = 512 * 3 * shape[-1] if cuda else 0
    for expected, found in zip(predicted, kept):  # nn comes last and is not predicted
        assert abs(expected - found) <= allowed, (shape, expected, found)
    numbers = (shape[0], shape[-1], predicted[0], kept[0], predicted[1], kept[1], kept[2])
    print("{:<4} {:2} {:11,} {:11,} {:11,} {:11,} {:11,}".format(*numbers))
    return kept


for layer in LAYERS.values():
    measure(layer, 8, (3, 6), 20, 1)  # what the first call on a device sets up does not count
print(f"{'':7} {'FusedConvBN':>23} {'BatchNorm(Convolution)':>23} {'nn':>11}")
heads = ("B", "L", "predict", "measure", "predict", "measure", "measure")
print("{:<4} {:>2} {:>11} {:>11} {:>11} {:>11} {:>11}".format(*heads))
small = compare(8, (3, 6), 20, 1)

# %%
# B is the size of the batch, L the number of layers. One layer with 3 channels in and 6 out: the difference
# between fused and pair is the output of the convolution, 8 · 6 · 18 · 18 · 4 bytes. PyTorch's own batch
# norm keeps mean and standard deviation as well, 6 values of 4 bytes each.
#
# Over batch sizes and depths, with 8 channels everywhere:

table = {}
for depth in (1, 3, 6):
    for batch in (8, 32, 128):
        table[batch, depth] = compare(batch, (8, 8), 32, depth)

# %%
# Six layers deep, in MiB. The line of ``nn`` lies on that of the pair.

figure, axes = plt.subplots(figsize=(4.8, 3.2))
for number, (name, style) in enumerate(zip(LAYERS, ("C0-o", "C1-s", "C2:"))):
    mebibytes = [table[batch, 6][number] / 2**20 for batch in (8, 32, 128)]
    axes.plot((8, 32, 128), mebibytes, style, linewidth=2, label=name)
axes.set_xlabel("inputs.shape[0]")
axes.set_ylabel("MiB")
axes.legend()
plt.show()

# %%
# The pair keeps nearly twice as much, at every batch size and every depth: of two activations for each
# layer, one remains.
