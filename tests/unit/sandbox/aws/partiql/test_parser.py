"""Statements are read exactly, and what cannot be read is refused with the place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l3kit.sandbox.aws.partiql.parser import Delete, Insert, parse, subject
from l3kit.sandbox.aws.partiql.tokens import StatementError

NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda name: name[0] not in "#:")


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@given(NAME)
def test_any_name_is_read_back(name: str) -> None:
    read = parse(f"DELETE FROM {quoted(name)} WHERE {quoted(name)} = ? AND {quoted(name)} IS MISSING")
    assert read == Delete(name, [name], [name], False)
    key = "'" + name.replace("'", "''") + "'"
    assert parse(f"INSERT INTO {quoted(name)} VALUE {{{key}: ?}}") == Insert(name, [name])


def test_parameters_belong_to_the_names_in_the_order_in_which_they_stand() -> None:
    read = parse('delete from "t" where "a"=? and "b" is missing and "c"=? returning all old *;')
    assert read == Delete("t", ["a", "c"], ["b"], True)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ('DELETE FROM "t" WHERE "a"=', "from the end on"),
        ('DELETE FROM "t" WHERE "a" = ? OR "b" = ?', "from 'OR' at 31 on"),
        ('DELETE FROM "t" WHERE "a" = 1', "from '1' at 29 on"),
        ('DELETE FROM "t" WHERE "a" IS NOT MISSING', "from 'NOT' at 30 on"),
        ('DELETE FROM "t" WHERE a = ?', "from 'A' at 23 on"),
        ('DELETE FROM "t"."index" WHERE "a" = ?', "not supported on an index"),
        ('DELETE FROM "t" WHERE "a" = \'x', "can't be processed from: 'x"),
        ('DELETE FROM "t" WHERE "a" = ? RETURNING MODIFIED OLD *', "Only RETURNING ALL OLD"),
        ("INSERT INTO \"t\" VALUE {'a': <<>>}", "from '<<' at 29 on"),
        ("INSERT INTO \"t\" VALUE {'a': ?,}", "single quotes"),
        ("INSERT INTO \"t\" VALUE {'': ?}", "empty string"),
        ("INSERT INTO \"t\" VALUE {'a': ?", "from the end on"),
        ("SELECT * FROM t", "does not support 'SELECT'"),
        ("DROP TABLE t", "does not support 'DROP'"),
        ("", "does not support ''"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place(statement: str, told: str) -> None:
    with pytest.raises(StatementError, match=told.replace("*", r"\*")):
        parse(statement)
    assert subject(statement) == ("", "")
