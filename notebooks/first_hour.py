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
# # A planner's first hour
#
# Open a case, see what is wrong or tight in it, plan it, read the plan, change one
# date, and compare. All of it is also a command: `capacity validate`, `solve`, `check`.

# %% tags=["parameters"]
scenario = "../scenarios/base.yaml"
change = "SON.completed=2027-02-28"  # Songdo six months late
work = 20.0  # work budget of a search, in nominal seconds: more finds better plans

# %% [markdown]
# ## Open the case
#
# Reading reports every problem at once, by file and line. What reads well can still
# hold warnings, and suites that are asked for more days than they have.

# %%
# %matplotlib inline
import pandas as pd

from capacity import check, plots, read, solve, tables, validate

case = read(scenario)
for path, warning in validate.warnings(case.scenario):
    print(f"{case.place(path)}: {warning}")

# %%
rough_cut = pd.DataFrame(validate.rough_cut(case.scenario))
rough_cut.pivot_table("load", "suite", "year").round(2)

# %% [markdown]
# ## Plan it
#
# A plan comes with a bound: no plan has less regret. The checker is a second,
# independent reading of the rules; it finds nothing in a plan that may be used.

# %%
first = solve(case.scenario, work=work)
print(f"{first.status}: regret {first.plan.objective:,}, bound {first.bound:,}")
check(case.scenario, first.plan)

# %%
orders = tables.orders(first.plan)
orders.loc[orders["cause"] != "none", ["order", "due", "late", "unserved", "cause"]]

# %% [markdown]
# ## Look at it

# %%
plots.gantt_figure(case.scenario, first.plan)

# %% [markdown]
# ## Change one thing
#
# The same file with one value changed, as `--set` does on the command line. Whatever
# hangs on that date moves along.

# %%
late = read(scenario, [change])
second = solve(late.scenario, work=work)
check(late.scenario, second.plan)

# %%
pd.DataFrame(
    {
        name: {
            "regret": result.plan.objective,
            "bound": result.bound,
            "late batches": sum(order.late for order in result.plan.orders),
            "unserved batches": sum(order.unserved for order in result.plan.orders),
        }
        for name, result in {"as stated": first, change: second}.items()
    }
)

# %% [markdown]
# With little work the difference of two plans holds luck as well as the change: before
# you decide anything, give both the default work, and look at their bounds.
