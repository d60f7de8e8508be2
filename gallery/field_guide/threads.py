"""
Threads and the autograd engine
===============================

If a Function keeps something between calls, such as a buffer, a lock or a setting, bear in mind that several threads
may use it. This page shows which thread runs ``backward`` on the CPU, and that autograd lets calls from different
threads overlap.

Read :doc:`ctx_or_save_for_backward` first.

The symptom: gradients are wrong only when several threads compute at once, ``backward`` never returns, or an attribute
of ``threading.local()`` is missing in ``backward``.
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
print(threads)
print(f"{type(error).__name__}: {error}")
assert threads == ["MainThread", "worker_0"]
assert out.item() == 9.0 and isinstance(error, AttributeError)
print("gradcheck    ", gradcheck(Tripled.apply, x))
print("gradgradcheck", gradgradcheck(Tripled.apply, x))

# %%
# In torch 2.13 on the CPU, ``backward`` runs in the thread that asks for gradients, which need not be the thread that
# ran ``forward``. If the threads differ, ``backward`` doesn't find what ``forward`` stored in ``threading.local()``. If
# ``forward`` had stored the same value on ``ctx``, ``backward`` would find it.
#
# Two at the same time
# --------------------
#
# To save allocations, this Function keeps one buffer for all its calls. Two threads ask for gradients that differ by a
# factor of 10, and a barrier makes the threads meet in the middle of ``backward``:


class DoubledInBuffer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, grad_output):
        torch.mul(grad_output, 2, out=buffer)  # wrong: there is only one buffer
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
print("gradcheck    ", gradcheck(DoubledInBuffer.apply, x), gradcheck(Doubled.apply, x))
print("gradgradcheck", gradgradcheck(Doubled.apply, x))

# %%
# The printed ``True`` means that, with the shared buffer, both threads got the same gradient. They had asked for
# different gradients, so one thread got the result that belongs to the other. The barrier opens only when two threads
# are waiting, so both threads must have been in the ``backward`` of the *same node* at the same time. The fix is to
# create a new tensor in each call, as in ``Doubled``.
#
# A lock
# ------
#
# Anything that has to be shared needs a lock, preferably an ``RLock``. The reason is that ``backward`` runs in its
# caller's thread: if the caller already holds a plain lock, the thread waits for itself. In the code below, the thread
# gives up waiting for the plain lock after a tenth of a second, so the output shows ``False``:


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
# A debugger follows your code through ``sys.settrace``, which affects only the calling thread. If ``backward`` runs in
# another thread, the debugger skips any breakpoint in it. Here a tracer records whether it sees ``backward``, first
# when that method runs in the tracer's own thread, then when it runs in another:


def tracer(frame, event, argument):
    seen.append(frame.f_code.co_name)


def is_seen(call):
    seen.clear()
    sys.settrace(tracer)
    call()
    sys.settrace(None)
    return "backward" in seen


seen = []
here = is_seen(lambda: grad(Doubled.apply(x).sum(), x))
elsewhere = is_seen(lambda: one.submit(grad, Doubled.apply(x).sum(), x).result())
print(here, elsewhere)
assert here and not elsewhere

# %%
# A call to ``breakpoint()`` in ``backward`` needs no tracer and stops whichever thread reaches it. Here, instead of
# stopping the thread, it only records the thread's name:


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
