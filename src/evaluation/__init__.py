"""Effects, costs and cost-effectiveness of employment services, area by area: ``import evaluation as ev``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# What a researcher types, and the module where it lives; nothing is imported before it is used.
PUBLIC = {
    "check": "evaluation.parameters",
    "read_study": "evaluation.study",
    "simulate": "evaluation.simulation.register",
    "ingest": "evaluation.registers.ingest",
    "load": "evaluation.registers.stored",
    "reference": "evaluation.registers.reference",
    "inflow": "evaluation.cohorts.cohort",
    "stock": "evaluation.cohorts.cohort",
    "compare": "evaluation.cohorts.comparison",
    "measure": "evaluation.outcomes.measures",
    "held": "evaluation.outcomes.measures",
    "cost": "evaluation.costs.payers",
    "cost_reference": "evaluation.costs.assumptions",
    "effect": "evaluation.inference.area",
    "event_study": "evaluation.inference.event_study",
    "balance": "evaluation.diagnostics.balance",
    "cost_effectiveness": "evaluation.economics.cost_effectiveness",
    "plot": "evaluation.figures.plot",
    "table": "evaluation.reporting.printed",
}


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"evaluation has no name {name!r}; public names are {', '.join(PUBLIC)}")
    module = import_module(PUBLIC[name])
    return getattr(module, name, module)


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
