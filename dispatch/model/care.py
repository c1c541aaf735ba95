"""What a market's policy says about everything beside the delivery: waiting for merchants, money, lateness."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum

from dispatch.units import DAY_S, HOUR_S, MINUTE_S, Seconds


class LastWord(StrEnum):
    """What becomes of an order whose merchant never answers."""

    CANCEL = "cancel"
    ACCEPT = "accept"


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRules:
    """One market's rules. Percentages are of the order's total.

    confirm_s: a merchant who has not accepted an order by then is reminded (0: nobody waits for merchants); then
    ``reminders`` times in all, every ``remind_every_s``; with the last, customer service gets a case;
    ``last_word_s`` later ``last_word`` is done, with ``prep_s`` of preparation where that is to accept.
    ahead_s: nobody has to answer sooner than this before a scheduled order is to be ready.
    pay_s: an order that is not paid by then is cancelled.
    cooked_percent, carried_percent: what the customer bears who cancels when the food is cooked, or on its way;
    negotiable_percent: how far a person may differ from an amount of the policy without saying why.
    coupon_percent: the usual coupon. late_s: an order this much behind its promise is late; a case opens when it is, or
    is as good as sure to be (``late_percent``). warnings: how many a rider gets for lateness before ``deduction_minor``
    is charged each time; appeal_s: how long a penalty can be appealed against.
    eta_shift_s: the customer is told a new time of arrival when it has moved by as much.
    link_s: life of the customer's link after the order is over.
    """

    confirm_s: Seconds = 5 * MINUTE_S
    reminders: int = 2
    remind_every_s: Seconds = 2 * MINUTE_S
    last_word_s: Seconds = 10 * MINUTE_S
    last_word: LastWord = LastWord.CANCEL
    prep_s: Seconds = 15 * MINUTE_S
    ahead_s: Seconds = 2 * HOUR_S
    pay_s: Seconds = 15 * MINUTE_S
    cooked_percent: int = 50
    carried_percent: int = 80
    negotiable_percent: int = 20
    coupon_percent: int = 20
    late_s: Seconds = 10 * MINUTE_S
    late_percent: int = 80
    warnings: int = 1
    deduction_minor: int = 0
    appeal_s: Seconds = 7 * DAY_S
    eta_shift_s: Seconds = 3 * MINUTE_S
    link_s: Seconds = 24 * HOUR_S

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 0:
                raise ValueError(f"{field.name} must not be negative")
            if field.name.endswith("_percent") and value > 100:
                raise ValueError(f"{field.name} must be 100 at most")
        if self.reminders and not self.remind_every_s:
            raise ValueError("remind_every_s must be at least one second where there are reminders")


NO_RULES = CareRules(confirm_s=0, pay_s=0, late_s=0)
"""For markets whose policy says nothing: nobody waits for merchants or money, nothing is late."""
