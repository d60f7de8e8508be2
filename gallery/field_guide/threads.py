"""
Threads and the autograd engine
===============================

A Function that keeps something between its calls, such as a buffer, a lock or a setting, may meet several
threads. On this page you see in which thread ``backward`` runs on the CPU, and that autograd does not wait
for one call to end before the next begins.

Read :doc:`ctx_or_save_for_backward` first.

The symptom: gradients are wrong only when several threads compute at once, ``backward`` never comes back, or an
attribute of ``threading.local()`` is missing in it.
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import torch
from torch.autograd import grad, gradcheck, gradgradcheck

x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)

# %%
# Which thread
# ------------


class Tripled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        per_thread.factor = 3
        return x * per_thread.factor

    @staticmethod
    def backward(ctx, grad_output):
        threads.append(threading.current_thread().name)
        return grad_output * per_thread.factor


threads, per_thread = [], threading.local()
one = ThreadPoolExecutor(1, thread_name_prefix="worker")
out = Tripled.apply(x).sum()
print(grad(out, x, retain_graph=True)[0].tolist())
error = one.submit(grad, out, x).exception()
print(torch.__version__, threads)
print(f"{type(error).__name__}: {error}")
assert threads == ["MainThread", "worker_0"]
assert out.item() == 9.0 and isinstance(error, AttributeError)
print("gradcheck    ", gradcheck(Tripled.apply, x))
print("gradgradcheck", gradgradcheck(Tripled.apply, x))

# %%
# In torch 2.13 on the CPU, ``backward`` runs in the thread that asks for gradients, which need not be the
# thread of ``forward``. What ``forward`` leaves in ``threading.local()`` is then not there; on ``ctx`` it
# would be. The switches of PyTorch are kept per thread, too, so another thread does not see what you
# switched:


def switches():
    return torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")


with torch.no_grad(), torch.autocast("cpu"):
    print(switches(), one.submit(switches).result())
    assert switches() == (False, True)
    assert one.submit(switches).result() == (True, False)

# %%
# Two at the same time
# --------------------
#
# To save allocations, this Function keeps one buffer for all its calls. A barrier makes the two threads
# meet in the middle of ``backward``; they ask for gradients that differ by a factor of 10:


class DoubledInBuffer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad_output):
        torch.mul(grad_output, 2, out=buffer)  # wrong: there is one buffer
        barrier.wait()
        return buffer.clone()


class Doubled(DoubledInBuffer):
    @staticmethod
    def backward(ctx, grad_output):
        return grad_output * 2


def gradients_of_two_threads(function):
    out = function.apply(x)  # one graph for both
    ones = torch.ones_like(x)
    with ThreadPoolExecutor(2) as two:
        calls = [two.submit(grad, out, x, g, retain_graph=True) for g in (ones, 10 * ones)]
    return [call.result()[0].tolist() for call in calls]


buffer, barrier = torch.empty_like(x), threading.Barrier(2, timeout=20)
wrong = gradients_of_two_threads(DoubledInBuffer)
right = gradients_of_two_threads(Doubled)
print(wrong[0] == wrong[1], right)
assert wrong[0] == wrong[1] and right == [[2.0, 2.0], [20.0, 20.0]]
barrier = threading.Barrier(1)
for function in (DoubledInBuffer, Doubled):
    print("gradcheck    ", gradcheck(function.apply, x))
print("gradgradcheck", gradgradcheck(Doubled.apply, x))

# %%
# ``True`` says that with the buffer both threads got the same gradient, although they asked for different
# ones: one of them got the other's. They were in the ``backward`` of the *same node* at the same time, for
# the barrier opens only for two. The cure is a new tensor for each call, as in ``Doubled``.
#
# A lock
# ------
#
# What has to be shared needs a lock, and better an ``RLock``: ``backward`` runs in the thread of its caller,
# and if the caller holds a plain lock already, the thread waits for itself. Here it gives up after a tenth of
# a second:


class DoubledUnderLock(DoubledInBuffer):
    @staticmethod
    def backward(ctx, grad_output):
        acquired.append(lock.acquire(timeout=0.1))
        if acquired[-1]:
            lock.release()
        return grad_output * 2


acquired = []
for lock in (threading.Lock(), threading.RLock()):
    with lock:
        (grad_x,) = grad(DoubledUnderLock.apply(x).sum(), x)
    assert grad_x.tolist() == [2.0, 2.0]
print(acquired)
assert acquired == [False, True]

# %%
# A breakpoint
# ------------
#
# A debugger follows the code through ``sys.settrace``, which concerns one thread. If ``backward`` runs in another, a
# breakpoint in it is passed over. Here a tracer notes whether it sees ``backward``:


def tracer(frame, event, argument):
    seen.append(frame.f_code.co_name)


def is_seen(call):
    seen.clear()
    sys.settrace(tracer)
    call()
    sys.settrace(None)
    return "backward" in seen


seen = []
out = Doubled.apply(x).sum()
here = is_seen(lambda: grad(out, x, retain_graph=True))
elsewhere = is_seen(lambda: one.submit(grad, out, x).result())
print(here, elsewhere)
assert here and not elsewhere

# %%
# A call of ``breakpoint()`` in ``backward`` needs no tracer, and stops whichever thread comes by. Here it only notes the
# name:


class DoubledWithBreakpoint(Doubled):
    @staticmethod
    def backward(ctx, grad_output):
        breakpoint()
        return Doubled.backward(ctx, grad_output)


stopped = []
with patch("sys.breakpointhook", lambda: stopped.append(threading.current_thread().name)):
    one.submit(grad, DoubledWithBreakpoint.apply(x).sum(), x).result()
print(stopped)
assert stopped == ["worker_0"]
one.shutdown()
