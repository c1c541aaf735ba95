"""What a market learns from its own log: who accepts, when food is ready, who has had how much work."""

from dispatch.engine.learned.acceptance import Acceptance
from dispatch.engine.learned.learner import Learner
from dispatch.engine.learned.params import LearnedParams
from dispatch.engine.learned.ready import ReadyTimes
from dispatch.engine.learned.workload import Workload

__all__ = ["Acceptance", "LearnedParams", "Learner", "ReadyTimes", "Workload"]
