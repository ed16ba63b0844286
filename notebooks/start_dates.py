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
# # What does a start date cost?
#
# Several readings of when Songdo starts, planned side by side, then a sweep of one date by
# hand. Each case is the same scenario with other dates; whatever hangs on them moves along.

# %% tags=["parameters"]
cases = [
    "../scenarios/songdo_august_2026.yaml",  # makes batches as soon as it is complete
    "../scenarios/base.yaml",  # complete in August 2026, qualified for seven months
    "../scenarios/songdo_2027.yaml",  # the end of the publicly stated window
]
swept = "../scenarios/base.yaml"
field = "SON.completed"
dates = ["2026-08-31", "2026-11-30", "2027-02-28", "2027-08-31"]
work = 10.0  # work budget of each search, in nominal seconds: more finds better plans

# %%
# %matplotlib inline
import pandas as pd

from capacity import check, plots, read, solve, tables

read_cases = {case.scenario.name: case.scenario for case in map(read, cases)}
pd.DataFrame(
    {
        name: {suite.id: suite.go_live.date() for suite in scenario.suites}
        for name, scenario in read_cases.items()
    }
)

# %% [markdown]
# ## Plan each of them
#
# The checker finds nothing in a plan that may be used.

# %%
plans = {name: solve(each, work=work) for name, each in read_cases.items()}
{name: check(read_cases[name], result.plan) for name, result in plans.items()}

# %% [markdown]
# ## Compare
#
# Regret is money lost against every order on time at its cheapest. A difference that is
# smaller than the distance to the bound may be luck of the search: give it more work.

# %%
pd.DataFrame(
    {
        name: {
            "regret": result.plan.objective,
            "bound": result.bound,
            "late batches": sum(order.late for order in result.plan.orders),
            "unserved batches": sum(order.unserved for order in result.plan.orders),
        }
        for name, result in plans.items()
    }
).transpose()

# %% [markdown]
# ## Sweep one date
#
# Each search goes on from the plan before, so that the slips are compared like with like.

# %%
sweep, start = {}, None
for date in dates:
    late = read(swept, [f"{field}={date}"]).scenario
    result = solve(late, work=work, start=start)
    start = result.plan
    sweep[date] = {"regret": start.objective, "bound": result.bound}
pd.DataFrame(sweep).transpose()

# %%
pd.DataFrame(sweep).transpose().plot.bar(
    rot=0, ylabel="money", title=f"{field} and its price"
)
# %% [markdown]
# ## Look at the last one: when may it ship, and what is short?

# %%
plots.qualifications_figure(late, tables.milestones(late, start))

# %%
plots.supply_figure(late, start)
