from dataclasses import dataclass


@dataclass
class Status:
    total_budget: float
    used_budget: float


def status():
    return Status(total_budget=30.0, used_budget=12.5)
