"""What helps to fill a sheet in: headers with notes, drop-downs, colours by standing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from capacity.excel import looks
from capacity.excel.layout import FIELD, RECORD, Column, Sheet, noun, sheets

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

    from capacity.excel.looks import Area, Looks

IS = "is"
"""Header of what a value rests on."""
LAST_MARK = 5000
"""Last row of marks that colours look at."""


class Choices(NamedTuple):
    """What the cells of a column may hold."""

    only: bool
    """Nothing else is allowed; else it is only warned of."""
    source: str | list[str]
    """The words, or the formula of the cells that hold them."""


# ----------------------------------------------------------------------------- headers


def head(
    look: Looks,
    page: Worksheet,
    at: tuple[int, int],
    column: Column,
    sheet: Sheet,
) -> None:
    """Name a column, dark where every row needs it, with a note on what it holds."""
    fill = looks.NEEDED if column.required else looks.HEADER
    fill = looks.OWNER if column.owner else fill
    page.write_string(*at, sheet.headers[at[1]], look.header(fill))
    page.write_comment(*at, _note(column, sheet), {"x_scale": 1.8, "font_size": 9})


def _note(column: Column, sheet: Sheet) -> str:
    if column.owner:
        return f"Whose row this is. {plain(sheet.meaning)}"
    words = [plain(column.meaning)]
    if column.holds == "date":
        words.append("A date, or text such as SITE.completed + 90 days.")
    if column.shape.kind == "list":
        words.append("Several are separated by commas.")
    words.append("Needed." if column.required else "May be empty.")
    return " ".join(words)


def plain(text: str) -> str:
    """What the schema says, without the marks of code."""
    return text.replace("`", "")


# -------------------------------------------------------------------------- drop-downs


def choices(sheet: Sheet, at: int) -> Choices | None:
    """Words or names for a column; none where anything may stand there.

    A column of text takes names from the sheet whose rows are called like the last word
    of its key (`reference_suite`) or the first word of its meaning (`Site of arrival.`).
    """
    owners = len(sheet.owners)
    if at < owners:
        owner = sheet
        for _ in range(owners - at):
            assert owner.owner is not None
            owner = owner.owner
        return _names(owner)
    column = sheet.columns[at - owners]
    if column.holds != "text" or column.shape.kind == "list" or sheet.kind != "rows":
        return given(column)
    for word in (column.path[-1].split("_")[-1], column.meaning.split(" ")[0]):
        if named := _lists().get(word.strip(".;,").lower()):
            return _names(named)
    return None


def given(column: Column) -> Choices | None:
    """Words that the schema gives for a column."""
    if column.shape.kind == "list":
        return None
    if column.holds == "truth":
        return Choices(only=True, source=["TRUE", "FALSE"])
    return Choices(only=True, source=list(column.options)) if column.options else None


@cache
def _lists() -> dict[str, Sheet]:
    """Sheets whose rows others name, by what a row is called."""
    return {
        noun(sheet.path[-1]).split(" ")[0]: sheet
        for sheet in sheets()
        if sheet.kind == "rows" and sheet.owner is None
    }


def _names(sheet: Sheet) -> Choices:
    return Choices(only=False, source=f"={_list_name(sheet)}")


def define(book: Workbook) -> None:
    """Name the cells that drop-downs and colours look at on other sheets.

    Excel takes a name everywhere, but another sheet's cells not in every place.
    """
    for sheet in sheets():
        if sheet.kind == "rows" and sheet.key is not None:
            letter = _letter(sheet.headers.index(sheet.key))
            column = f"'{sheet.name}'!${letter}"
            rows = f"MAX(1,COUNTA({column}:${letter})-1)"
            book.define_name(_list_name(sheet), f"=OFFSET({column}$2,0,0,{rows},1)")
    marks = sheets()[-1]
    for header in (RECORD, FIELD, IS):
        column = f"${_letter(marks.headers.index(header))}"
        area = f"={marks.name}!{column}$2:{column}${LAST_MARK}"
        book.define_name(_mark_name(header), area)


def _list_name(sheet: Sheet) -> str:
    return f"names_of_{sheet.name.replace(' ', '_')}"


def _mark_name(header: str) -> str:
    return f"standing_{header}"


def offer(page: Worksheet, area: Area, found: Choices | None) -> None:
    """Give cells a drop-down."""
    if found is None:
        return
    title, message = "No such name yet", "No row of the other sheet has this name."
    if found.only:
        title, message = "Not on the list", "Only what is on the list has a meaning."
    rule = {
        "validate": "list",
        "source": found.source,
        "error_type": "stop" if found.only else "warning",
        "error_title": title,
        "error_message": message,
    }
    page.data_validation(*area, rule)


# ------------------------------------------------------------------------------ colours


def colour(look: Looks, page: Worksheet, sheet: Sheet, last: int) -> None:
    """Colour the values of a sheet by their standing, live."""
    if sheet.kind == "marks":
        at = sheet.headers.index(IS)
        shade(look, page, (1, at, last, at), f'${_letter(at)}2="{{}}"')
    elif sheet.key == "id":
        at = sheet.headers.index(sheet.key)
        # Of each cell: the id in its row, and the field above it.
        criteria = standing(f"${_letter(at)}2", f"{_letter(at + 1)}$1")
        shade(look, page, (1, at + 1, last, len(sheet.headers) - 1), criteria)


def standing(record: str, field: str) -> str:
    """Formula: whether a field's mark, or else that of all fields, is `{}`."""
    whose, which, what = map(_mark_name, (RECORD, FIELD, IS))
    own = f'COUNTIFS({whose},{record},{which},{field},{what},"{{}}")>0'
    free = f"COUNTIFS({whose},{record},{which},{field})=0"
    every = f'COUNTIFS({whose},{record},{which},"~*",{what},"{{}}")>0'
    return f"OR({own},AND({free},{every}))"


def shade(look: Looks, page: Worksheet, area: Area, criteria: str) -> None:
    """Colour cells that rest on facts, typical values or stated assumptions."""
    for name, fill in looks.STANDING.items():
        formula = "=" + criteria.replace("{}", name)
        rule = {"type": "formula", "criteria": formula}
        looks.shade(look.book, page, area, rule, fill)


def _letter(at: int) -> str:
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(at))
