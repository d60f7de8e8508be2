"""Observes ``torch.autograd.gradcheck`` and ``gradgradcheck`` while an example runs.

The call itself is not changed: it returns or raises what it would have without an observer.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

from sitebuild.checks import log
from sitebuild.checks.record import CAPABILITIES
from sitebuild.examples.running_script import line_of

MODULE = "torch.autograd.gradcheck"
OBSERVED = {"gradcheck": 1, "gradgradcheck": 2}  # name of the check: order of the derivative
# Options of gradient checks that ask for more than the derivative in reverse mode.
ASKS_FOR = {
    "check_forward_ad": "forward mode",
    "check_fwd_over_rev": "forward mode",
    "check_batched_grad": "vmap",
}


def _observer(check: Callable[..., bool]) -> Callable[..., bool]:
    signature = inspect.signature(check)

    @functools.wraps(check)
    def observed(*args: Any, **kwargs: Any) -> bool:
        if sys._getframe(1).f_globals.get("__name__") == MODULE:
            return check(*args, **kwargs)  # gradgradcheck is made of gradcheck: one record is enough
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        options, line, order = bound.arguments, line_of(sys._getframe(1)), OBSERVED[check.__name__]
        passed, message = False, ""
        try:
            passed = check(*args, **kwargs)
        except Exception as error:
            message = log.first_line(error)
            raise
        finally:
            asked = tuple(what for option, what in ASKS_FOR.items() if options.get(option))
            facts = {name: options[name] for name in ("eps", "atol", "rtol")}
            log.add(
                check.__name__,
                CAPABILITIES[order - 1],
                options["func"],
                options["inputs"],
                passed,
                message,
                line,
                asked,
                order=order,
                **facts,
            )
        return passed

    return observed


def start() -> None:
    """Observe the checks from now on."""
    import torch.autograd

    for name in OBSERVED:
        check = getattr(torch.autograd, name)
        if not hasattr(check, "__wrapped__"):
            # The package and the module of the same name both offer it.
            for place in (torch.autograd, sys.modules[MODULE]):
                setattr(place, name, _observer(check))
