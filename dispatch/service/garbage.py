"""Python's collector of garbage, kept from looking through what stays.

Modules, compiled kernels and the orders of a market live as long as the process, and a full collection looks through
all of them: 0.16 s of CPU with 10,000 orders, 0.32 s with 50,000, in the middle of whatever tick or request it
happens to be.
"""

from __future__ import annotations

import gc


def keep_out_what_stays() -> None:
    """Collect once, and let later collections look only through what is made from now on.

    What was frozen is freed as ever when nothing refers to it any more.
    """
    gc.collect()
    gc.freeze()
