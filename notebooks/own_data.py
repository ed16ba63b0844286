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
# # Bring your own data
#
# Your orders as a table, on top of a scenario that says what the sites can do. Change the
# table here, or point `orders` at a CSV file of yours with the same columns: a spreadsheet
# saves one. docs/scenario.md describes the rest of a scenario.

# %% tags=["parameters"]
scenario = "../scenarios/base.yaml"  # sites, suites, programmes, contracts
orders = "../scenarios/base_orders.csv"  # id, contract, kind, market, batches, due
folder = "my_case"  # where your files go
work = 20.0  # work budget of the search, in nominal seconds: more finds better plans

# %%
# %matplotlib inline
from pathlib import Path

import pandas as pd

from capacity import ScenarioError, check, plots, read, solve, tables

table = pd.read_csv(orders, dtype=str).fillna("")
table.head()

# %% [markdown]
# ## Make it yours
#
# Twice as much of the last order, and one order more. A new scenario needs three lines: it
# extends the other and takes its orders from your file.

# %%
mine = pd.concat([table, table.tail(1).assign(id="MY-ORDER")], ignore_index=True)
mine.loc[mine.index[-2], "batches"] = str(2 * int(mine.batches.iloc[-2]))
Path(folder).mkdir(exist_ok=True)
mine.to_csv(Path(folder) / "my_orders.csv", index=False)
lines = [
    f"extends: {Path(scenario).resolve()}",
    "name: my_case",
    "orders: {file: my_orders.csv}",
]
Path(folder, "my_case.yaml").write_text("\n".join(lines) + "\n")
mine.tail(2)

# %% [markdown]
# ## Let it be checked
#
# Reading reports every problem at once, by file and line. Here two are put in on purpose.

# %%
wrong = mine.copy()
wrong.loc[wrong.index[-1], ["batches", "due"]] = ["three", "2027-02-30"]
wrong.to_csv(Path(folder) / "wrong_orders.csv", index=False)
Path(folder, "wrong.yaml").write_text("\n".join(lines).replace("my_", "wrong_") + "\n")
try:
    read(Path(folder, "wrong.yaml"))
except ScenarioError as error:
    print(*error.problems, sep="\n")

# %% [markdown]
# ## Plan it

# %%
case = read(Path(folder, "my_case.yaml")).scenario
plan = solve(case, work=work).plan
assert check(case, plan) == []
served = tables.orders(plan)
served[served.order.str.startswith(("MY-ORDER", mine.id.iloc[-2]))]

# %% [markdown]
# ## Look at it, and take it along
#
# The tables are frames: a spreadsheet opens what `to_csv` writes.

# %%
plots.supply_figure(case, plan)

# %%
for name, frame in {"served": served, "campaigns": tables.campaigns(plan)}.items():
    Path(folder, f"{name}.csv").write_text(tables.to_csv(frame))
plots.gantt_figure(case, plan)
