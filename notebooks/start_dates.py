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
work = 20.0  # work budget of each search, in nominal seconds: more finds better plans

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
# Each search goes on from the plan before, so that like is compared with like and not luck with
# luck. The checker finds nothing in a plan that may be used.

# %%
plans, start = {}, None
for name, each in read_cases.items():
    plans[name] = solve(each, work=work, start=start)
    start = plans[name].plan
{name: check(read_cases[name], result.plan) for name, result in plans.items()}

# %% [markdown]
# ## Compare
#
# Regret is money lost against every order on time at its cheapest. A small difference may
# still be luck of the search: give it more work before you decide anything.

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
# The same again for one date, later and later.

# %%
sweep = {}
for date in dates:
    late = read(swept, [f"{field}={date}"]).scenario
    result = solve(late, work=work, start=start)
    start = result.plan
    sweep[date] = {"regret": start.objective, "bound": result.bound}
pd.DataFrame(sweep).transpose()

# %%
millions = pd.DataFrame(sweep).transpose() / 1e6
bars = millions.plot.bar(rot=0, ylabel="millions", title=f"{field} and its price")

# %% [markdown]
# ## Look at the last one: when may it ship, and what is short?

# %%
plots.qualifications_figure(late, tables.milestones(late, start))

# %%
plots.supply_figure(late, start)
