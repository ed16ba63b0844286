# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Contracts and the quality system
#
# What each contract gets out of a plan, what a change of a contract does to the others,
# and what the shared quality system is worth: QC and QA are finite, a site may lend its
# reviewers to the other, and no quality system replaces a licence.

# %% tags=["parameters"]
scenario = "../scenarios/base.yaml"
contract_change = "C-BSP-1.probability=1"  # what was likely is now certain
quality_change = "scenario.quality.planning_percentile=p50"  # release in median time
work = 20.0  # work budget of each search, in nominal seconds: more finds better plans

# %%
# %matplotlib inline
import pandas as pd

from capacity import check, plots, read, solve, tables

case = read(scenario).scenario
pd.DataFrame(
    {
        contract.id: {
            "programme": contract.programme,
            "term ends": contract.term_end,
            "take or pay": float(contract.take_or_pay),
            "probability": float(contract.probability),
            "prospect": contract.prospect,
        }
        for contract in case.contracts
    }
).transpose()

# %% [markdown]
# ## Plan, and see what each contract gets
#
# Firm batches are served first; of the rest, what costs least regret. `cost` is regret.

# %%
plan = solve(case, work=work).plan
assert check(case, plan) == []
served = ["batches", "on_time", "late", "unserved", "cost"]
tables.orders(plan).groupby(["contract", "firmness"])[served].sum()

# %% [markdown]
# ## Change a contract
#
# The search goes on from the plan in hand. Who gains, who pays?

# %%
changed = read(scenario, [contract_change]).scenario
second = solve(changed, work=work, start=plan).plan
before, after = (
    tables.orders(each).groupby("contract")[served].sum() for each in (plan, second)
)
(after - before)[served[1:]].query("late != 0 or unserved != 0 or cost != 0")

# %% [markdown]
# ## Change the quality system
#
# How full QC and QA are by month, first as stated, then after the change.

# %%
plots.heatmap_figure(case, tables.load(case, plan))

# %%
tighter = read(scenario, [quality_change]).scenario
third = solve(tighter, work=work, start=plan).plan
plots.load_figure(tighter, tables.load(tighter, third))

# %%
pd.DataFrame(
    {
        name: tables.orders(each).cause.value_counts()
        for name, each in {
            "as stated": plan,
            contract_change: second,
            quality_change: third,
        }.items()
    }
).fillna(0).astype(int)

# %% [markdown]
# `qc` and `qa` are lines that waited for a test or a review, `licence` and `transfer`
# those that no site could make or ship in time. When sites and markets open:

# %%
plots.qualifications_figure(case, tables.milestones(case, plan))
